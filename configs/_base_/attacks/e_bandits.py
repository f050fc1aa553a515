# Bandits with a time prior (Ilyas et al. 2019), independent noise in every frame. Tiles are
# those of its authors, 50 x 50 in images of 299 x 299.
attack = dict(
    type='GradientEstimation',
    sampler=dict(type='MultiNoise', tile=6),
    estimator=dict(type='ExponentiatedBandits', fd_eta=25.5, exploration=1.0, rate=100.0),
    step_size=0.2,
    step_unit='eps',
    budget=60000,
    threat=dict(type='Linf', eps=7.65),
    goal=dict(type='Misclassify', loss='cross_entropy'),
)
