# The same recogniser behind a SimCC estimator, which tools/train.py trains by its config.
_base_ = ['stgcnpp_tiny-heatmap_synthetic-rgb.py']

model = dict(
    pose_estimator=dict(
        config='projects/k_limiting_attack/configs/simcc_tiny-r18_synthetic-64x80.py',
        checkpoint='work_dirs/simcc_tiny-r18_synthetic-64x80/epoch_10.pth',
    )
)
