# KAA+ER in the l_inf ball: the K-limiting attack with extended relations. Only values that
# some joint's response depends on may change, and a sample stops at its first success.
attack = dict(
    type='KLimiting',
    relation='any',
    alpha=0.9,
    alpha_unit='quantile',
    steps=20,
    step_size=0.1,
    threat=dict(type='Linf', eps=8),
)
