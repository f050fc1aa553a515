# Sixty epochs, one of them to warm up: what learns places from 72 frames more slowly
# than heatmaps do.
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=60)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, end=1, by_epoch=True, convert_to_iter_based=True),
    dict(
        type='CosineAnnealingLR',
        begin=1,
        end=60,
        T_max=59,
        by_epoch=True,
        convert_to_iter_based=True,
    ),
]
