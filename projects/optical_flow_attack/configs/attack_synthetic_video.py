# Video level: all non-overlapping stacks of a video, whose scores are averaged.
_base_ = 'attack_synthetic.py'

test_dataloader = dict(
    batch_size=8,
    dataset=dict(
        window=None,
        pipeline=[
            dict(type='mmrobust.SampleStacks', length=11, interval=2),
            dict(type='mmrobust.SyntheticDecode'),
            dict(type='Resize', scale=(-1, 64)),
            dict(type='FormatShape', input_format='NCTHW'),
            dict(type='PackActionInputs'),
        ],
    ),
)
