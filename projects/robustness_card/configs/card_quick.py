# A kind of each group, the mildest and the worst.
_base_ = ['card.py']
linf = dict(type='Linf', eps=2)
card = dict(
    corruptions=[
        'gaussian_noise',
        'pixelate',
        'flicker',
        dict(type='Reversal', sampled=False),
        dict(type='Jumble'),
        dict(type='FewFrames'),
    ],
    severities=[1, 5],
    attacks=dict(
        _delete_=True,
        noise=dict(type='random_noise', threat=linf),
        worst_2=dict(type='worst_case_quick', threat=linf),
    ),
)
