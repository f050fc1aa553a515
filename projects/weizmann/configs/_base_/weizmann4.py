# Four actions of the Weizmann set, split by person; see tools/data/prepare_weizmann.py.
# Another place: set the environment variable WEIZMANN_ROOT.
_base_ = ['../../../../configs/demo/_base_/runtime.py']

data_root = '{{$WEIZMANN_ROOT:data/weizmann}}'

custom_imports = dict(imports=['mmrobust'], allow_failed_imports=False)
default_hooks = dict(checkpoint=dict(interval=5))

dataset_type = 'VideoDataset'
train_dataloader = dict(
    batch_size=8,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    # 16 clips, of which the pipeline draws windows and crops at random.
    dataset=dict(
        type='RepeatDataset',
        times=20,
        dataset=dict(
            type=dataset_type,
            data_root=data_root,
            ann_file='train.txt',
            data_prefix=dict(video='videos'),
        ),
    ),
)
test_dataloader = dict(
    batch_size=4,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='test.txt',
        data_prefix=dict(video='videos'),
        test_mode=True,
    ),
)
test_evaluator = dict(type='AccMetric')

# No validation people are left: the last checkpoint is the result, none is chosen.
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=15)
test_cfg = dict(type='TestLoop')
optim_wrapper = dict(
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.02),
    clip_grad=dict(max_norm=20, norm_type=2),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, end=2, by_epoch=True, convert_to_iter_based=True),
    dict(
        type='CosineAnnealingLR',
        begin=2,
        end=15,
        T_max=13,
        by_epoch=True,
        convert_to_iter_based=True,
    ),
]
