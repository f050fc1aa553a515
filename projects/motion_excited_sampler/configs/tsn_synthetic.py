# The demo's TSN on four frames, two apart: motion from frame to frame is small.
_base_ = ['../../../configs/demo/tsn-tiny-r18_1x1x8_synthetic-rgb.py']
victim = dict(space='view')
test_pipeline = [
    dict(type='SampleFrames', clip_len=4, frame_interval=2, num_clips=1, test_mode=True),
    dict(type='mmrobust.SyntheticDecode'),
    dict(type='Resize', scale=(-1, 72)),
    dict(type='CenterCrop', crop_size=72),
    dict(type='FormatShape', input_format='NCHW'),
    dict(type='PackActionInputs'),
]
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
