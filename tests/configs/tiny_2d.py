# A very small Recognizer2D with random weights: ten crops of three segments.
_base_ = ['tiny_3d.py']
model = dict(
    _delete_=True,
    type='Recognizer2D',
    backbone=dict(
        type='ResNet',
        depth=18,
        pretrained=None,
        norm_eval=False,
        num_stages=2,
        strides=(1, 2),
        dilations=(1, 1),
        out_indices=(1,),
    ),
    cls_head=dict(
        type='TSNHead',
        num_classes=10,
        in_channels=128,
        spatial_type='avg',
        consensus=dict(type='AvgConsensus', dim=1),
        dropout_ratio=0.4,
        average_clips='prob',
    ),
    data_preprocessor=dict(
        type='ActionDataPreprocessor', mean=[120.0] * 3, std=[60.0] * 3, format_shape='NCHW'
    ),
)
test_pipeline = [
    dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=3, test_mode=True),
    dict(type='mmrobust.SyntheticDecode'),
    dict(type='Resize', scale=(-1, 32)),
    dict(type='TenCrop', crop_size=24),
    dict(type='FormatShape', input_format='NCHW'),
    dict(type='PackActionInputs'),
]
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
