"""PGD until the right class is out of the first three."""

custom_imports = dict(imports=['out_of_top'], allow_failed_imports=False)

attack = dict(
    type='PGD',
    steps=20,
    goal=dict(type='OutOfTop', k=3, loss='logit'),
)
