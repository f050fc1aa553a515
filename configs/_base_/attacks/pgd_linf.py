# Projected gradient descent in the l_inf ball.
attack = dict(
    type='PGD',
    steps=10,
    step_size=0.25,
    step_unit='eps',
    random_start=True,
    restarts=1,
    threat=dict(type='Linf', eps=8),
)
