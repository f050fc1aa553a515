# The same for skeletons: every kind of the preset, noise and PGD at a fiftieth of the torso.
ball = dict(type='JointL2', eps=0.02)
card = dict(
    corruptions=['skeleton'],
    severities=[1, 3, 5],
    control=True,
    attacks=dict(
        noise=dict(type='random_noise', threat=ball),
        pgd=dict(type='pgd_linf', threat=ball),
    ),
)
