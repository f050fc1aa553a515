# Several attacks one after another, with nothing to tune: what is left is the bound to report.
attack = dict(type='WorstCase', preset='standard', threat=dict(type='Linf', eps=8))
