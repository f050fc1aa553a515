# Motion-excited sampler (Zhang, Zhu, Zhu and Yang 2020), untargeted.
attack = dict(
    type='GradientEstimation',
    sampler=dict(type='Sparked', motion=dict(type='TVL1'), form='warp'),
    estimator=dict(type='AdditiveBandits', fd_eta=25.5, exploration=0.1, rate=0.1, unit='frame'),
    step_size=0.025 / 0.03,
    step_unit='eps',
    budget=60000,
    threat=dict(type='Linf', eps=7.65),
    goal=dict(type='Misclassify', loss='cross_entropy'),
)
