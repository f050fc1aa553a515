# Direct regression on the tiny backbone: one linear layer over all its features.
_base_ = [
    '../../../configs/demo/pose/_base_/tiny_resnet.py',
    '../../../configs/demo/pose/_base_/synthetic_64x80.py',
]

codec = dict(type='RegressionLabel', input_size=_base_.input_size)
model = dict(
    head=dict(
        type='RegressionHead',
        # Not averaged over the image: 128 channels of 4 x 5 places.
        in_channels=128 * 4 * 5,
        num_joints=14,
        loss=dict(type='SmoothL1Loss', use_target_weight=True),
        decoder=codec,
    ),
    test_cfg=dict(shift_coords=True),
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
