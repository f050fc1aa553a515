# The flow CNN on raw frames: stacks of 11, every second frame (between neighbours,
# limbs barely move); flow computed inside the model.
# Another backend: --cfg-options model.flow_estimator.type=TVL1.
_base_ = 'flow_tsn.py'

custom_imports = dict(imports=['mmrobust'], allow_failed_imports=False)

model = dict(
    type='mmrobust.FlowRecognizer2D',
    flow_estimator=dict(type='Farneback'),
    bound=_base_.bound,
    data_preprocessor=dict(_delete_=True, type='ActionDataPreprocessor', format_shape='NCTHW'),
)
pipeline = [
    dict(type='SampleFrames', clip_len=11, frame_interval=2, num_clips=1, test_mode=True),
    dict(type='mmrobust.SyntheticDecode'),
    dict(type='Resize', scale=(-1, 64)),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]
test_dataloader = dict(
    batch_size=10,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='mmrobust.SyntheticVideoDataset',
        num_videos=64,
        split='test',
        # Stack level; window=None and SampleStacks for the video level.
        window=22,
        pipeline=pipeline,
        test_mode=True,
    ),
)
test_evaluator = dict(type='AccMetric')
test_cfg = dict(type='TestLoop')
