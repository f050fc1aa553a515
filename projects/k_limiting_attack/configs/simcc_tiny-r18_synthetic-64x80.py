# SimCC on the tiny backbone: one classification per axis, half a pixel a bin.
_base_ = [
    '../../../configs/demo/pose/_base_/tiny_resnet.py',
    '../../../configs/demo/pose/_base_/synthetic_64x80.py',
]

codec = dict(type='SimCCLabel', input_size=_base_.input_size, sigma=3.0, simcc_split_ratio=2.0)
model = dict(
    head=dict(
        type='SimCCHead',
        in_channels=128,
        out_channels=14,
        input_size=codec['input_size'],
        in_featuremap_size=(4, 5),
        simcc_split_ratio=codec['simcc_split_ratio'],
        deconv_out_channels=(64, 64),
        deconv_kernel_sizes=(4, 4),
        loss=dict(type='KLDiscretLoss', use_target_weight=True),
        decoder=codec,
    )
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
