# A tiny I3D on three classes, whose test set ties a kind of scenery to each. It was trained on scenery that says nothing.
_base_ = ['../../../configs/demo/i3d-tiny_16x1x2_synthetic-rgb.py']

model = dict(cls_head=dict(num_classes=3))
classes = ('bend', 'kick', 'squat')
tied = dict(classes=classes, tied_scenery=0.9)
train_pipeline = [
    dict(type='SampleFrames', clip_len=16, frame_interval=1, num_clips=1),
    dict(type='mmrobust.SyntheticDecode'),
    dict(type='Resize', scale=(-1, 80)),
    dict(type='RandomCrop', size=72),
    # None of the classes has a side: labels stay.
    dict(type='Flip', flip_ratio=0.5),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]
train_dataloader = dict(dataset=dict(num_videos=300, classes=classes, pipeline=train_pipeline))
val_dataloader = dict(dataset=tied)
test_dataloader = dict(dataset=dict(num_videos=120, **tied))
