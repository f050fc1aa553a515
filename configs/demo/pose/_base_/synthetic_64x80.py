# The embedded figures, 14 joints, as crops of 64 x 80 pixels (the figures stand 60 to 72 high).
input_size = (64, 80)
dataset_type = 'mmrobust.SyntheticPoseDataset'
# A head's config appends GenerateTarget, with its codec, and PackPoseInputs.
train_augmentation = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='RandomFlip', direction='horizontal'),
    dict(type='RandomBBoxTransform', shift_factor=0.1, scale_factor=(0.8, 1.25), rotate_factor=30),
    dict(type='TopdownAffine', input_size=input_size),
]
test_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='TopdownAffine', input_size=input_size),
    dict(type='PackPoseInputs'),
]
train_dataloader = dict(
    batch_size=32,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type=dataset_type, num_videos=240, frames_per_video=8, split='train'),
)
test_dataloader = dict(
    batch_size=16,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type=dataset_type,
        num_videos=60,
        frames_per_video=4,
        split='test',
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
# A joint is right within a tenth of the box's longer side, about 7 pixels.
test_evaluator = [dict(type='PCKAccuracy', thr=0.1), dict(type='EPE'), dict(type='CocoMetric')]

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=10)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, end=1, by_epoch=True, convert_to_iter_based=True),
    dict(
        type='CosineAnnealingLR',
        begin=1,
        end=10,
        T_max=9,
        by_epoch=True,
        convert_to_iter_based=True,
    ),
]
