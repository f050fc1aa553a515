# SimCC of the mouse's parts on the tiny backbone.
_base_ = [
    '../../../configs/demo/pose/_base_/tiny_resnet.py',
    '_base_/mirror_mouse_96x96.py',
    '_base_/schedule_60e.py',
]

codec = dict(type='SimCCLabel', input_size=_base_.input_size, sigma=3.0, simcc_split_ratio=2.0)
model = dict(
    head=dict(
        type='SimCCHead',
        in_channels=128,
        out_channels=17,
        input_size=codec['input_size'],
        in_featuremap_size=(6, 6),
        simcc_split_ratio=codec['simcc_split_ratio'],
        deconv_out_channels=(64, 64),
        deconv_kernel_sizes=(4, 4),
        loss=dict(type='KLDiscretLoss', use_target_weight=True),
        decoder=codec,
    )
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
