# A tiny I3D (MMAction2's own classes) on the embedded videos: the demo's victim.
_base_ = ['_base_/synthetic_runtime.py']

model = dict(
    type='Recognizer3D',
    backbone=dict(
        type='ResNet3d',
        depth=18,
        pretrained=None,
        pretrained2d=False,
        base_channels=16,
        num_stages=3,
        spatial_strides=(1, 2, 2),
        temporal_strides=(1, 2, 2),
        dilations=(1, 1, 1),
        out_indices=(2,),
        conv1_kernel=(3, 5, 5),
        conv1_stride_t=2,
        with_pool1=True,
        pool1_stride_t=1,
        with_pool2=False,
        inflate=(0, 1, (1, 0)),
        inflate_style='3x3x3',
        zero_init_residual=False,
    ),
    cls_head=dict(
        type='I3DHead',
        num_classes=10,
        in_channels=64,
        spatial_type='avg',
        dropout_ratio=0.3,
        average_clips='prob',
    ),
    data_preprocessor=dict(
        type='ActionDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        format_shape='NCTHW',
    ),
)

train_pipeline = [
    dict(type='SampleFrames', clip_len=16, frame_interval=1, num_clips=1),
    dict(type='mmrobust.SyntheticDecode'),
    dict(type='Resize', scale=(-1, 80)),
    dict(type='RandomCrop', size=72),
    # Mirrored, left is right: wave_left <-> wave_right, walk_left <-> walk_right.
    dict(type='Flip', flip_ratio=0.5, flip_label_map={0: 1, 1: 0, 5: 6, 6: 5}),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]
val_pipeline = [
    dict(type='SampleFrames', clip_len=16, frame_interval=1, num_clips=1, test_mode=True),
    dict(type='mmrobust.SyntheticDecode'),
    dict(type='Resize', scale=(-1, 72)),
    dict(type='CenterCrop', crop_size=72),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]
# Two clips of three crops: six overlapping views of one video.
test_pipeline = [
    dict(type='SampleFrames', clip_len=16, frame_interval=1, num_clips=2, test_mode=True),
    dict(type='mmrobust.SyntheticDecode'),
    dict(type='Resize', scale=(-1, 72)),
    dict(type='ThreeCrop', crop_size=72),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]

dataset_type = 'mmrobust.SyntheticVideoDataset'
train_dataloader = dict(
    batch_size=8,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type=dataset_type, num_videos=640, split='train', pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=16,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type=dataset_type, num_videos=60, split='val', pipeline=val_pipeline, test_mode=True
    ),
)
test_dataloader = dict(
    batch_size=4,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type=dataset_type, num_videos=60, split='test', pipeline=test_pipeline, test_mode=True
    ),
)

custom_hooks = [dict(type='mmrobust.MotionStemHook')]
optim_wrapper = dict(
    optimizer=dict(type='AdamW', lr=2e-3, weight_decay=0.02),
    clip_grad=dict(max_norm=20, norm_type=2),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, end=2, by_epoch=True, convert_to_iter_based=True),
    dict(
        type='CosineAnnealingLR',
        begin=2,
        end=12,
        T_max=10,
        by_epoch=True,
        convert_to_iter_based=True,
    ),
]
