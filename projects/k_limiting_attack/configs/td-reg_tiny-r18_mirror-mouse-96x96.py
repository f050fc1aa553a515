# Direct regression of the mouse's parts on the tiny backbone.
_base_ = [
    '../../../configs/demo/pose/_base_/tiny_resnet.py',
    '_base_/mirror_mouse_96x96.py',
    '_base_/schedule_60e.py',
]

codec = dict(type='RegressionLabel', input_size=_base_.input_size)
model = dict(
    head=dict(
        type='RegressionHead',
        # Not averaged over the image: 128 channels of 6 x 6 places.
        in_channels=128 * 6 * 6,
        num_joints=17,
        loss=dict(type='SmoothL1Loss', use_target_weight=True),
        decoder=codec,
    ),
    test_cfg=dict(shift_coords=True),
)
train_dataloader = dict(
    dataset=dict(
        dataset=dict(
            pipeline=[
                *_base_.train_augmentation,
                dict(type='GenerateTarget', encoder=codec),
                dict(type='PackPoseInputs'),
            ]
        )
    )
)
