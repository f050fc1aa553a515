# Corruptions of ImageNet-C, sensors and order, each of pictures beside white noise of its size, and the attacks that a
# study of them needs: the worst that is found at several budgets.
custom_imports = dict(imports=['projects.robustness_card.few_frames'], allow_failed_imports=False)
linf = dict(type='Linf', eps=2)
card = dict(
    corruptions=[
        'imagenet_c_no_frost',
        'sensor',
        # Orders of frames: a video turned round, runs that are mixed, frames that stand still.
        dict(type='Reversal', sampled=False),
        dict(type='Jumble'),
        dict(type='BoxJumble'),
        dict(type='Freeze'),
        dict(type='FewFrames'),
    ],
    severities=[1, 3, 5],
    control=True,
    attacks=dict(
        noise=dict(type='random_noise', threat=linf),
        pgd=dict(type='pgd_linf', threat=linf),
        worst_2=dict(type='worst_case_quick', threat=linf),
        worst_8=dict(type='worst_case_quick', threat=dict(type='Linf', eps=8)),
        worst_32=dict(type='worst_case_quick', threat=dict(type='Linf', eps=32)),
    ),
)
