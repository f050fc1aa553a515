# What all tiny pose victims share: run-time, schedule and one backbone, three stages
# of a ResNet-18 at half its width (0.70 M parameters), from scratch.
_base_ = ['../../_base_/runtime.py']

custom_imports = dict(imports=['mmrobust'], allow_failed_imports=False)
default_scope = 'mmpose'
default_hooks = dict(checkpoint=dict(interval=10))
visualizer = dict(type='PoseLocalVisualizer')

model = dict(
    type='TopdownPoseEstimator',
    data_preprocessor=dict(
        type='PoseDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
    ),
    backbone=dict(
        type='ResNet',
        depth=18,
        stem_channels=32,
        base_channels=32,
        num_stages=3,
        strides=(1, 2, 2),
        dilations=(1, 1, 1),
        out_indices=(2,),
    ),
    test_cfg=dict(flip_test=True),
)

# Nothing is chosen on held-out frames: the last checkpoint is the result.
test_cfg = dict(type='TestLoop')
optim_wrapper = dict(
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.02),
    clip_grad=dict(max_norm=5, norm_type=2),
)
