# NES with independent noise in every frame (Ilyas et al. 2018), the step of its authors.
attack = dict(
    type='GradientEstimation',
    sampler=dict(type='MultiNoise'),
    estimator=dict(type='NES', sigma=0.255, population=50, momentum=0.9),
    step_size=0.2,
    step_unit='eps',
    budget=60000,
    threat=dict(type='Linf', eps=7.65),
    goal=dict(type='Misclassify', loss='cross_entropy'),
)
