# A coarse card of skeletons: a kind of each sort at three severities, noise, PGD and a short worst case.
ball = dict(type='JointL2', eps=0.02)
card = dict(
    corruptions=['random_drop', 'joint_noise', 'joint_dropout', 'lag'],
    severities=[1, 3, 5],
    attacks=dict(
        noise=dict(type='random_noise', threat=ball),
        pgd=dict(type='pgd_linf', threat=ball),
        worst_case=dict(type='worst_case_quick', threat=ball),
    ),
    max_samples=20,
)
