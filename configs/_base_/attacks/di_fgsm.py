# MI-FGSM with input diversity (Xie et al. 2019), the setting of its paper.
attack = dict(
    type='MIFGSM',
    steps=10,
    step_size=0.1,
    decay=1.0,
    transforms=[dict(type='DI', probability=0.5, enlarge=1.1)],
    threat=dict(type='Linf', eps=8),
)
