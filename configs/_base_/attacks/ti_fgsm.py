# Translation-invariant MI-FGSM, the setting of its paper.
attack = dict(
    type='MIFGSM',
    steps=10,
    step_size=0.1,
    decay=1.0,
    transforms=[dict(type='TI', size=15, nsigma=3.0)],
    threat=dict(type='Linf', eps=8),
)
