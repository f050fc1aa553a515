# The same with restarts, FAB-T and 5,000 queries besides.
attack = dict(type='WorstCase', preset='thorough', threat=dict(type='Linf', eps=8))
