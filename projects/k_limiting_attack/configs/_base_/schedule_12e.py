# Twelve epochs, one of them to warm up.
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, end=1, by_epoch=True, convert_to_iter_based=True),
    dict(
        type='CosineAnnealingLR',
        begin=1,
        end=12,
        T_max=11,
        by_epoch=True,
        convert_to_iter_based=True,
    ),
]
