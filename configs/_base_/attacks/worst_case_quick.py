# The same in a twentieth of the time: a first look.
attack = dict(type='WorstCase', preset='quick', threat=dict(type='Linf', eps=8))
