# Ten steps of a tenth of the budget each, as in the papers; fewer copies where the papers have
# many, as marked.
_iterative = dict(steps=10, step_size=0.1)
attacks = dict(
    noise=dict(type='RandomNoise'),
    pgd=dict(type='PGD', random_start=False, **_iterative),
    mi=dict(type='MIFGSM', **_iterative),
    ni=dict(type='NIFGSM', **_iterative),
    di=dict(type='MIFGSM', transforms=[dict(type='DI')], **_iterative),
    ti=dict(type='MIFGSM', transforms=[dict(type='TI')], **_iterative),
    si=dict(type='MIFGSM', transforms=[dict(type='SI')], **_iterative),
    # 20 in the paper.
    vmi=dict(type='VMIFGSM', neighbours=5, **_iterative),
    # Shifts up to 7 in the paper.
    tt=dict(type='MIFGSM', per_frame=True, transforms=[dict(type='TT', shifts=3)], **_iterative),
    # Times 5 scales in the paper; the spec says which clips are mixed in.
    admix=dict(type='MIFGSM', **_iterative),
    # 20 in the paper.
    ssa=dict(type='MIFGSM', transforms=[dict(type='SSA', copies=5, noise=8)], **_iterative),
    ti_di_si_ni=dict(
        type='NIFGSM',
        transforms=[dict(type='TI'), dict(type='DI'), dict(type='SI')],
        **_iterative,
    ),
    tt_di=dict(
        type='MIFGSM',
        per_frame=True,
        transforms=[dict(type='TT', shifts=3), dict(type='DI')],
        **_iterative,
    ),
)
eps = [8]
