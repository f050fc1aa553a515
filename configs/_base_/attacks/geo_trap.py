# Geo-TRAP (Li et al. 2021): one noise frame under random transforms. Its eps is 10.
attack = dict(
    type='GradientEstimation',
    sampler=dict(type='Geometric', kind='affine', strength=1.0, form='independent'),
    estimator=dict(type='AdditiveBandits', fd_eta=25.5, exploration=0.1, rate=0.1, unit='frame'),
    step_size=0.6375,
    step_unit='eps',
    budget=60000,
    threat=dict(type='Linf', eps=10),
    goal=dict(type='Misclassify', loss='probability_margin'),
)
