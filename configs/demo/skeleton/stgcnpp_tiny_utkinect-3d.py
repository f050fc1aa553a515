# A tiny STGCN++ on UTKinect-Action3D: tools/data/prepare_utkinect.py writes the annotations.
# Another place: set the environment variable UTKINECT_ANNOTATIONS.
_base_ = ['./stgcnpp_tiny_synthetic-joints.py']

# Kinect v1: joint and the one before it; between the shoulders is the centre.
inward = [
    (0, 1),
    (1, 2),
    (3, 2),
    (4, 2),
    (5, 4),
    (6, 5),
    (7, 6),
    (8, 2),
    (9, 8),
    (10, 9),
    (11, 10),
    (12, 0),
    (13, 12),
    (14, 13),
    (15, 14),
    (16, 0),
    (17, 16),
    (18, 17),
    (19, 18),
]
model = dict(
    backbone=dict(
        graph_cfg=dict(
            _delete_=True, layout=dict(num_node=20, inward=inward, center=2), mode='spatial'
        )
    )
)

dataset_type = 'PoseDataset'
ann_file = '{{$UTKINECT_ANNOTATIONS:data/utkinect/utkinect.pkl}}'
train_pipeline = [
    dict(type='PreNormalize3D'),
    dict(type='GenSkeFeat', dataset='nturgb+d', feats=['j']),
    dict(type='UniformSampleFrames', clip_len=32),
    dict(type='PoseDecode'),
    dict(type='FormatGCNInput', num_person=1),
    dict(type='PackActionInputs'),
]
val_pipeline = [
    dict(type='PreNormalize3D'),
    dict(type='GenSkeFeat', dataset='nturgb+d', feats=['j']),
    dict(type='UniformSampleFrames', clip_len=32, num_clips=1, test_mode=True),
    dict(type='PoseDecode'),
    dict(type='FormatGCNInput', num_person=1),
    dict(type='PackActionInputs'),
]
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='RepeatDataset',
        times=4,
        dataset=dict(type=dataset_type, ann_file=ann_file, split='train', pipeline=train_pipeline),
    )
)
val_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type=dataset_type,
        ann_file=ann_file,
        split='test',
        pipeline=val_pipeline,
        test_mode=True,
    )
)
test_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type=dataset_type,
        ann_file=ann_file,
        split='test',
        pipeline=val_pipeline,
        test_mode=True,
    )
)

# A hundred sequences are few: a net that has seen them for 12 epochs has not learned them yet.
train_cfg = dict(max_epochs=36)
param_scheduler = [
    dict(type='CosineAnnealingLR', end=36, T_max=36, by_epoch=True, convert_to_iter_based=True)
]

victim = dict(_delete_=True)
