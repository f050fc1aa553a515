# The same for pictures, which have no order.
linf = dict(type='Linf', eps=2)
card = dict(
    corruptions=['pose'],
    severities=[1, 3, 5],
    attacks=dict(
        noise=dict(type='random_noise', threat=linf),
        pgd=dict(type='pgd_linf', threat=linf),
        worst_case=dict(type='worst_case_quick', threat=linf),
    ),
)
