# SimBA (Guo et al. 2019), value by value.
attack = dict(
    type='SimBA',
    basis='pixel',
    step_size=1.0,
    step_unit='eps',
    budget=60000,
    threat=dict(type='Linf', eps=7.65),
    goal=dict(type='Misclassify', loss='cross_entropy'),
)
