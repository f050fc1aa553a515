# What a robustness card holds: the corruptions of ImageNet-C but frost, beside noise, PGD and the worst case;
# of videos, where one frame is changed, and where nothing but the answers are known, too.
linf = dict(type='Linf', eps=4)
card = dict(
    corruptions=['imagenet_c_no_frost'],
    severities=[1, 2, 3, 4, 5],
    control=True,
    attacks=dict(
        noise=dict(type='random_noise', threat=linf),
        pgd=dict(type='pgd_linf', threat=linf),
        worst_case=dict(type='worst_case', threat=linf),
    ),
    attacks_on_videos=dict(
        square=dict(type='square', threat=linf, budget=1000),
        one_frame=dict(type='pgd_linf_one-frame', threat=dict(threat=linf)),
    ),
)
