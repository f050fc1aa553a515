# What a robustness card of skeletons holds: what cameras and pose estimators do to joints, and at a fiftieth of the
# torso for every joint noise, PGD, the worst case, and one frame.
ball = dict(type='JointL2', eps=0.02)
card = dict(
    corruptions=['skeleton'],
    severities=[1, 2, 3, 4, 5],
    control=True,
    attacks=dict(
        noise=dict(type='random_noise', threat=ball),
        pgd=dict(type='pgd_linf', threat=ball),
        worst_case=dict(type='worst_case', threat=ball),
        one_frame=dict(type='pgd_linf_one-frame', threat=dict(threat=ball)),
    ),
    left_out=dict(
        square='a search by queries asks a thousand times a track: mmrobust attack has them'
    ),
)
