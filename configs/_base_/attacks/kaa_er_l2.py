# KAA+ER in the l_2 ball: the K-limiting attack with extended relations. Only values that
# some joint's response depends on may change, and a sample stops at its first success.
# eps is the Euclidean length of the whole crop's perturbation, in grey levels.
attack = dict(
    type='KLimiting',
    relation='any',
    alpha=0.9,
    alpha_unit='quantile',
    steps=20,
    step_size=0.1,
    threat=dict(type='L2', eps=1000),
)
