# SimBA (Guo et al. 2019) in the low frequencies of space and time.
attack = dict(
    type='SimBA',
    basis='dct',
    frequencies=0.125,
    step_size=0.5,
    step_unit='eps',
    budget=60000,
    threat=dict(type='Linf', eps=7.65),
    goal=dict(type='Misclassify', loss='cross_entropy'),
)
