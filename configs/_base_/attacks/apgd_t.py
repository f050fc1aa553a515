# Auto-PGD towards nine classes in turn, the setting of its paper.
attack = dict(type='APGDT', targets=9, steps=100, threat=dict(type='Linf', eps=8))
