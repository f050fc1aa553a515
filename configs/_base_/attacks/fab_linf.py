# FAB-T: the smallest change in l_inf, towards nine classes in turn. eps is where it gives up.
attack = dict(type='FAB', steps=100, targets=9, threat=dict(type='Linf', eps=16))
