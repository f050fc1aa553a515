# Motion-excited sampler as released: codec motion vectors, looked up. The
# release's loss, which is lost on a victim that is wrong already.
attack = dict(
    type='GradientEstimation',
    sampler=dict(type='Sparked', motion=dict(type='CodecMotion'), form='lookup', refresh=10),
    estimator=dict(type='AdditiveBandits', fd_eta=25.5, exploration=0.1, rate=0.1, unit='frame'),
    step_size=0.025 / 0.03,
    step_unit='eps',
    budget=60000,
    threat=dict(type='Linf', eps=7.65),
    goal=dict(type='Misclassify', loss='runner_up'),
)
