# Video level: all stacks of a whole clip. Clips differ in length: one at a time.
_base_ = 'attack_weizmann.py'

test_dataloader = dict(
    batch_size=1,
    dataset=dict(
        pipeline=[
            dict(type='OpenCVInit'),
            dict(type='mmrobust.SampleStacks', length=11),
            dict(type='OpenCVDecode'),
            dict(type='FormatShape', input_format='NCTHW'),
            dict(type='PackActionInputs'),
        ]
    ),
)
