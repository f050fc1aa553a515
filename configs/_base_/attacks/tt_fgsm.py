# MI-FGSM with temporal translation (Wei et al. 2022), the setting of its paper.
attack = dict(
    type='MIFGSM',
    steps=10,
    step_size=0.1,
    decay=1.0,
    per_frame=True,
    transforms=[dict(type='TT', shifts=7, weighting='gaussian')],
    threat=dict(type='Linf', eps=8),
)
