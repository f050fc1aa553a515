# The same on the flow of the training people's clips: 16 clips, 4 classes.
_base_ = ['flow_tsn.py', 'train_schedule.py']

model = dict(cls_head=dict(num_classes=4))
train_dataloader = dict(
    batch_size=16,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='RepeatDataset',
        times=40,
        dataset=dict(
            type='mmrobust.FlowStackDataset',
            ann_file='work_dirs/optical_flow_attack/weizmann/flow.npz',
            bound=_base_.bound,
            # No class tells left from right ("one hand waves" is either hand).
            shift=4,
        ),
    ),
)
