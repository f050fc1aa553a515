# Square attack (Andriushchenko et al. 2020); tubes: one square of all frames.
attack = dict(
    type='Square',
    share=0.05,
    shape='tube',
    budget=60000,
    threat=dict(type='Linf', eps=7.65),
    goal=dict(type='Misclassify', loss='margin'),
)
