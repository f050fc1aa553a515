"""The attack in bim.py, with its settings."""

import bim  # noqa: F401  (the file beside this one)

attack = dict(type='BIM', steps=10, threat=dict(type='Linf', eps=8))
