# Enhanced momentum iterative FGSM, the setting of its paper.
attack = dict(
    type='EMIFGSM',
    steps=10,
    step_size=0.1,
    decay=1.0,
    places=11,
    radius=7.0,
    threat=dict(type='Linf', eps=8),
)
