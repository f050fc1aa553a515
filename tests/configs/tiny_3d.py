# A very small Recognizer3D with random weights: six views of a 32-pixel video.
default_scope = 'mmaction'
custom_imports = dict(imports=['mmrobust'], allow_failed_imports=False)
model = dict(
    type='Recognizer3D',
    backbone=dict(
        type='ResNet3d',
        depth=18,
        pretrained=None,
        pretrained2d=False,
        base_channels=4,
        num_stages=2,
        spatial_strides=(1, 2),
        temporal_strides=(1, 1),
        dilations=(1, 1),
        out_indices=(1,),
        conv1_kernel=(1, 3, 3),
        inflate=(0, 1),
        with_pool2=False,
    ),
    cls_head=dict(
        type='I3DHead', num_classes=10, in_channels=8, spatial_type='avg', average_clips='prob'
    ),
    data_preprocessor=dict(
        type='ActionDataPreprocessor', mean=[120.0] * 3, std=[60.0] * 3, format_shape='NCTHW'
    ),
)
test_pipeline = [
    dict(type='SampleFrames', clip_len=3, frame_interval=2, num_clips=2, test_mode=True),
    dict(type='mmrobust.SyntheticDecode'),
    dict(type='Resize', scale=(-1, 32)),
    dict(type='ThreeCrop', crop_size=32),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]
test_dataloader = dict(
    batch_size=2,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='mmrobust.SyntheticVideoDataset',
        num_videos=5,
        split='test',
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_evaluator = dict(type='AccMetric')
test_cfg = dict(type='TestLoop')
default_hooks = dict(
    runtime_info=dict(type='RuntimeInfoHook'),
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=20, ignore_last=False),
)
log_level = 'WARNING'
attack = dict(
    type='PGD',
    steps=4,
    threat=dict(type='Linf', eps=8),
    goal=dict(type='Misclassify', reference='prediction'),
)
