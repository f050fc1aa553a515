# TSN on RGB and TSN on flow, fused 1:1 before softmax, on the same clips.
_base_ = 'tsn_imagenet-pretrained-r50_8xb32-5x1x3-110e_kinetics400-tvl1.py'

model = dict(
    _delete_=True,
    type='mmrobust.TwoStreamRecognizer',
    motion={{_base_.model}},
    rgb=dict(
        type='Recognizer2D',
        backbone=dict(
            type='ResNet',
            pretrained='https://download.pytorch.org/models/resnet50-11ad3fa6.pth',
            depth=50,
            norm_eval=False,
        ),
        cls_head=dict(
            type='TSNHead',
            num_classes=400,
            in_channels=2048,
            spatial_type='avg',
            consensus=dict(type='AvgConsensus', dim=1),
            dropout_ratio=0.4,
            init_std=0.01,
            average_clips='prob',
        ),
        data_preprocessor=dict(
            type='ActionDataPreprocessor',
            mean=[123.675, 116.28, 103.53],
            std=[58.395, 57.12, 57.375],
            format_shape='NCHW',
        ),
    ),
    rgb_frames='middle',
    fusion='score',
    weights=(1.0, 1.0),
)
