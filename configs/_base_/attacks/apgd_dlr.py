# Auto-PGD with the difference of logits ratio, the setting of its paper; three classes at least.
attack = dict(
    type='APGD',
    steps=100,
    threat=dict(type='Linf', eps=8),
    goal=dict(type='Misclassify', loss='dlr'),
)
