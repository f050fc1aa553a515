"""PGD on the border of each frame."""

custom_imports = dict(imports=['border'], allow_failed_imports=False)

attack = dict(
    type='PGD',
    steps=20,
    threat=dict(type='Border', width=8, threat=dict(type='Linf', eps=32)),
)
