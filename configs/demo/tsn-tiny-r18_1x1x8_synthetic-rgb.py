# A tiny TSN (MMAction2's own classes) on the embedded videos. It sees single
# frames, not movement: a second victim, weaker by construction. Top-1 0.45 on the 60
# test videos, 0.44 on 300 (chance: 0.10); 8 CPU minutes of training.
_base_ = ['_base_/synthetic_runtime.py']

model = dict(
    type='Recognizer2D',
    backbone=dict(
        type='ResNet',
        pretrained=None,
        depth=18,
        num_stages=3,
        strides=(1, 2, 2),
        dilations=(1, 1, 1),
        out_indices=(2,),
        norm_eval=False,
    ),
    cls_head=dict(
        type='TSNHead',
        num_classes=10,
        in_channels=256,
        spatial_type='avg',
        consensus=dict(type='AvgConsensus', dim=1),
        dropout_ratio=0.3,
        init_std=0.01,
        average_clips='prob',
    ),
    data_preprocessor=dict(
        type='ActionDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        format_shape='NCHW',
    ),
    train_cfg=None,
    test_cfg=None,
)

# One frame of each of 32 videos: many backgrounds in a batch, which is what
# learning from single frames needs.
train_pipeline = [
    dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=1),
    dict(type='mmrobust.SyntheticDecode'),
    dict(type='Resize', scale=(-1, 80)),
    dict(type='RandomCrop', size=72),
    # Mirrored, left is right: wave_left <-> wave_right, walk_left <-> walk_right.
    dict(type='Flip', flip_ratio=0.5, flip_label_map={0: 1, 1: 0, 5: 6, 6: 5}),
    dict(type='FormatShape', input_format='NCHW'),
    dict(type='PackActionInputs'),
]
test_pipeline = [
    dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8, test_mode=True),
    dict(type='mmrobust.SyntheticDecode'),
    dict(type='Resize', scale=(-1, 72)),
    dict(type='CenterCrop', crop_size=72),
    dict(type='FormatShape', input_format='NCHW'),
    dict(type='PackActionInputs'),
]

dataset_type = 'mmrobust.SyntheticVideoDataset'
train_dataloader = dict(
    batch_size=32,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='RepeatDataset',
        times=4,
        dataset=dict(type=dataset_type, num_videos=640, split='train', pipeline=train_pipeline),
    ),
)
val_dataloader = dict(
    batch_size=16,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type=dataset_type, num_videos=60, split='val', pipeline=test_pipeline, test_mode=True
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

optim_wrapper = dict(
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.02),
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
