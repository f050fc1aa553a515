# Frames, the poses in them, the action: the demo's heatmap estimator before the tiny STGCN++ of
# stgcnpp_tiny_estimated-joints.py, whose checkpoint it takes. Boxes are those of the figures' pixels.
_base_ = ['stgcnpp_tiny_estimated-joints.py']

model = dict(
    type='mmrobust.PoseRecognizerGCN',
    pose_estimator=dict(
        config='configs/demo/pose/td-hm_tiny-r18_synthetic-64x80.py',
        checkpoint='mmrobust/resources/demo_pose_victim.pth',
    ),
    # What the recogniser is tested with on tracks.
    pipeline=_base_.test_pipeline,
    boxes='given',
    scores='live',
    data_preprocessor=dict(type='ActionDataPreprocessor', format_shape='NCTHW'),
)

frame_pipeline = [
    dict(type='mmrobust.SampleAll'),
    dict(type='mmrobust.SyntheticDecode'),
    dict(type='mmrobust.FrameBoxes'),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs', meta_keys=('boxes', 'boxes_shape')),
]
test_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='mmrobust.SyntheticVideoDataset',
        num_videos=60,
        split='test',
        pipeline=frame_pipeline,
        test_mode=True,
    )
)
# Recogniser and estimator are trained by their own configs.
train_dataloader = None
train_cfg = None
optim_wrapper = None
param_scheduler = None
val_dataloader = None
val_cfg = None
val_evaluator = None
# Pixels are attacked, which need no body.
victim = dict(_delete_=True)
