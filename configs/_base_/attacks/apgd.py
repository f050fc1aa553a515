# Auto-PGD with cross-entropy, the setting of its paper.
attack = dict(type='APGD', steps=100, threat=dict(type='Linf', eps=8))
