# A tiny heatmap estimator (MMPose's own classes) of the embedded figures' joints.
_base_ = ['_base_/tiny_resnet.py', '_base_/synthetic_64x80.py']

codec = dict(type='MSRAHeatmap', input_size=_base_.input_size, heatmap_size=(16, 20), sigma=1.0)
model = dict(
    head=dict(
        type='HeatmapHead',
        in_channels=128,
        out_channels=14,
        deconv_out_channels=(64, 64),
        deconv_kernel_sizes=(4, 4),
        loss=dict(type='KeypointMSELoss', use_target_weight=True),
        decoder=codec,
    ),
    test_cfg=dict(flip_mode='heatmap', shift_heatmap=True),
)
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            *_base_.train_augmentation,
            dict(type='GenerateTarget', encoder=codec),
            dict(type='PackPoseInputs'),
        ]
    )
)
