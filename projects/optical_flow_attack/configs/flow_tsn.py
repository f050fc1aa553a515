# A small flow CNN: ten flow fields as the 20 channels of a ResNet-18 of three
# stages. The same architecture sees all backends; it is trained on flow images
# (train_*.py) and attacked with the flow inside the model (attack_*.py).
_base_ = ['../../../configs/demo/_base_/runtime.py']

default_hooks = dict(checkpoint=dict(interval=1000))
log_level = 'WARNING'

# The paper's bound of 20 pixels would be 6 for frames a third as wide as its own.
# Most motion of the embedded videos is under a pixel, of FlowNet2SD's flow above
# all: half of that bound keeps twice the grey levels and cuts off 1 value in 1000.
bound = 3.0
model = dict(
    type='Recognizer2D',
    backbone=dict(
        type='ResNet',
        pretrained=None,
        depth=18,
        in_channels=20,
        num_stages=3,
        strides=(1, 2, 2),
        dilations=(1, 1, 1),
        out_indices=(2,),
        norm_eval=False,
    ),
    cls_head=dict(
        type='TSNHead',
        num_classes=10,
        in_channels=256,
        spatial_type='avg',
        consensus=dict(type='AvgConsensus', dim=1),
        dropout_ratio=0.5,
        init_std=0.01,
        label_smooth_eps=0.1,
        average_clips='prob',
    ),
    data_preprocessor=dict(
        type='ActionDataPreprocessor', mean=[128.0] * 20, std=[128.0] * 20, format_shape='NCHW'
    ),
)
