# MI-FGSM through random spectra, the setting of the paper; noise as large as eps.
attack = dict(
    type='MIFGSM',
    steps=10,
    step_size=0.1,
    decay=1.0,
    transforms=[dict(type='SSA', copies=20, spread=0.5, noise=8)],
    threat=dict(type='Linf', eps=8),
)
