# A coarse card: a kind of each group at three severities, noise, PGD and a short worst case.
linf = dict(type='Linf', eps=4)
card = dict(
    corruptions=['gaussian_noise', 'motion_blur', 'fog', 'jpeg_compression'],
    severities=[1, 3, 5],
    attacks=dict(
        noise=dict(type='random_noise', threat=linf),
        pgd=dict(type='pgd_linf', threat=linf),
        worst_case=dict(type='worst_case_quick', threat=linf),
    ),
    attacks_on_videos=dict(),
    max_samples=20,
)
