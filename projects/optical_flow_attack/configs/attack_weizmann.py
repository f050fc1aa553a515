# The flow CNN on the clips of people who were not trained on, cut into stacks of
# 11 frames (tools/data/prepare_weizmann.py --window 11).
_base_ = 'flow_tsn.py'

custom_imports = dict(imports=['mmrobust'], allow_failed_imports=False)

data_root = 'work_dirs/optical_flow_attack/weizmann/stacks'
model = dict(
    type='mmrobust.FlowRecognizer2D',
    flow_estimator=dict(type='Farneback'),
    bound=_base_.bound,
    cls_head=dict(num_classes=4),
    data_preprocessor=dict(_delete_=True, type='ActionDataPreprocessor', format_shape='NCTHW'),
)
test_dataloader = dict(
    batch_size=10,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='VideoDataset',
        data_root=data_root,
        ann_file='test.txt',
        data_prefix=dict(video='videos'),
        pipeline=[
            dict(type='OpenCVInit'),
            dict(type='SampleFrames', clip_len=11, frame_interval=1, num_clips=1, test_mode=True),
            dict(type='OpenCVDecode'),
            dict(type='FormatShape', input_format='NCTHW'),
            dict(type='PackActionInputs'),
        ],
        test_mode=True,
    ),
)
test_evaluator = dict(type='AccMetric')
test_cfg = dict(type='TestLoop')
