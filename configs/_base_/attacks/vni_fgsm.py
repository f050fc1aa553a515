# Variance-tuned Nesterov iterative FGSM, the setting of its paper.
attack = dict(
    type='VNIFGSM',
    steps=10,
    step_size=0.1,
    decay=1.0,
    neighbours=20,
    beta=1.5,
    threat=dict(type='Linf', eps=8),
)
