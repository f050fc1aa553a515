# The control: noise at the full budget. No attack may do worse.
attack = dict(type='RandomNoise', trials=1, threat=dict(type='Linf', eps=8))
