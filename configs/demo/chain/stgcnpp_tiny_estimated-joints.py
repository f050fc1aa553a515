# The tiny STGCN++ on joints as the demo's heatmap estimator finds them in the embedded videos, with
# its scores; tools/data/estimate_tracks.py writes the three files.
_base_ = ['../skeleton/stgcnpp_tiny_synthetic-joints.py']

dataset_type = 'PoseDataset'
data_root = 'data/estimated_tracks'
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type=dataset_type,
        ann_file=f'{data_root}/train.pkl',
        pipeline=_base_.train_pipeline,
    )
)
val_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type=dataset_type,
        ann_file=f'{data_root}/val.pkl',
        pipeline=_base_.val_pipeline,
        test_mode=True,
    )
)
test_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type=dataset_type,
        ann_file=f'{data_root}/test.pkl',
        pipeline=_base_.test_pipeline,
        test_mode=True,
    )
)

# Half as many tracks as there are exact ones.
train_cfg = dict(max_epochs=24, val_interval=8)
param_scheduler = [
    dict(type='CosineAnnealingLR', end=24, T_max=24, by_epoch=True, convert_to_iter_based=True)
]
