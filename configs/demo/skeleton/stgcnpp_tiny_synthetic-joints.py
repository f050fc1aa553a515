# A tiny STGCN++ (MMAction2's own classes) on the exact joints of the embedded figures.
_base_ = ['../_base_/synthetic_runtime.py']

# Joint and the one before it; the neck is the centre.
inward = [
    (0, 1),
    (2, 1),
    (3, 1),
    (4, 2),
    (5, 3),
    (6, 4),
    (7, 5),
    (8, 1),
    (9, 1),
    (10, 8),
    (11, 9),
    (12, 10),
    (13, 11),
]
model = dict(
    type='RecognizerGCN',
    backbone=dict(
        type='STGCN',
        base_channels=16,
        num_stages=4,
        inflate_stages=[3],
        down_stages=[3],
        gcn_adaptive='init',
        gcn_with_res=True,
        tcn_type='mstcn',
        graph_cfg=dict(layout=dict(num_node=14, inward=inward, center=1), mode='spatial'),
    ),
    cls_head=dict(type='GCNHead', num_classes=10, in_channels=32),
)

train_pipeline = [
    dict(type='PreNormalize2D'),
    dict(type='GenSkeFeat', dataset='coco', feats=['j']),
    dict(type='UniformSampleFrames', clip_len=24),
    dict(type='PoseDecode'),
    dict(type='FormatGCNInput', num_person=1),
    dict(type='PackActionInputs'),
]
val_pipeline = [
    dict(type='PreNormalize2D'),
    dict(type='GenSkeFeat', dataset='coco', feats=['j']),
    dict(type='UniformSampleFrames', clip_len=24, num_clips=1, test_mode=True),
    dict(type='PoseDecode'),
    dict(type='FormatGCNInput', num_person=1),
    dict(type='PackActionInputs'),
]
# Four clips of other frames each.
test_pipeline = [
    dict(type='PreNormalize2D'),
    dict(type='GenSkeFeat', dataset='coco', feats=['j']),
    dict(type='UniformSampleFrames', clip_len=24, num_clips=4, test_mode=True),
    dict(type='PoseDecode'),
    dict(type='FormatGCNInput', num_person=1),
    dict(type='PackActionInputs'),
]

dataset_type = 'mmrobust.SyntheticTrackDataset'
train_dataloader = dict(
    batch_size=16,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type=dataset_type, num_videos=640, split='train', pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=32,
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

optim_wrapper = dict(
    optimizer=dict(type='AdamW', lr=5e-3, weight_decay=0.02),
    clip_grad=dict(max_norm=20, norm_type=2),
)
param_scheduler = [
    dict(type='CosineAnnealingLR', end=12, T_max=12, by_epoch=True, convert_to_iter_based=True)
]

# Which joints an attack measures a body by.
victim = dict(body=dict(shoulders=[2, 3], hips=[8, 9]))
