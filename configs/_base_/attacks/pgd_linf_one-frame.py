# PGD of the first sampled frame alone.
attack = dict(
    type='PGD',
    steps=20,
    step_size=0.1,
    threat=dict(type='FrameMask', frames=[0], threat=dict(type='Linf', eps=16)),
    goal=dict(type='Misclassify', loss='margin'),
)
