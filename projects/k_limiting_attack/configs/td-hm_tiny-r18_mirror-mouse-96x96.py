# Heatmaps of the mouse's parts on the tiny backbone; a place is 17 pixels of the frame.
_base_ = [
    '../../../configs/demo/pose/_base_/tiny_resnet.py',
    '_base_/mirror_mouse_96x96.py',
    '_base_/schedule_12e.py',
]

codec = dict(type='MSRAHeatmap', input_size=_base_.input_size, heatmap_size=(24, 24), sigma=1.0)
model = dict(
    head=dict(
        type='HeatmapHead',
        in_channels=128,
        out_channels=17,
        deconv_out_channels=(64, 64),
        deconv_kernel_sizes=(4, 4),
        loss=dict(type='KeypointMSELoss', use_target_weight=True),
        decoder=codec,
    ),
    test_cfg=dict(flip_mode='heatmap', shift_heatmap=True),
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
