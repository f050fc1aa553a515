# Stacks of precomputed flow of the embedded videos; which flow:
# --cfg-options train_dataloader.dataset.ann_file=FILE.
_base_ = ['flow_tsn.py', 'train_schedule.py']

train_dataloader = dict(
    batch_size=16,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='RepeatDataset',
        times=3,
        dataset=dict(
            type='mmrobust.FlowStackDataset',
            ann_file='work_dirs/optical_flow_attack/synthetic/flow.npz',
            bound=_base_.bound,
            # Wrong flow, up to 0.3 pixels, against accuracy that is all lost at the
            # first grey level. It grows over half of the training.
            noise=2.0,
            clutter=12.0,
            ramp=7200,
            # Mirrored, left is right: wave_left <-> wave_right, walk_left <-> walk_right.
            mirrored_labels={0: 1, 1: 0, 5: 6, 6: 5},
        ),
    ),
)
