# Corruptions of ImageNet-C, order and sensors, and the attacks that a card needs least.
linf = dict(type='Linf', eps=2)
card = dict(
    corruptions=['imagenet_c_no_frost', 'sensor', 'projects/robustness_card/configs/orders.py'],
    severities=[1, 3, 5],
    attacks=dict(
        noise=dict(type='random_noise', threat=linf),
        pgd=dict(type='pgd_linf', threat=linf),
        worst_case=dict(type='worst_case_quick', threat=linf),
    ),
)
