# PGD towards the class that the victim finds least likely.
attack = dict(
    type='PGD',
    steps=20,
    step_size=0.1,
    threat=dict(type='Linf', eps=8),
    goal=dict(type='LeastLikely', loss='cross_entropy'),
)
