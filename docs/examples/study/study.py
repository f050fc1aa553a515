"""PGD and MI-FGSM on the demo victim: which one fools it more often, at which budgets."""

study = dict(
    type='jobs.TwoAttacks',
    title='Two attacks on the demo',
    victims=[
        dict(
            name='i3d',
            config='../../../configs/demo/i3d-tiny_16x1x2_synthetic-rgb.py',
            weights='../../../mmrobust/resources/demo_victim.pth',
        ),
    ],
    eps=[1, 2],
    samples=32,
)
quick = dict(eps=[1], samples=4, remark='A quick run: it proves nothing.')
