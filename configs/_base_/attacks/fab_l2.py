# FAB-T: the smallest change in l_2, towards nine classes in turn. eps is where it gives up: the
# length of the whole clip's perturbation, so it grows with the size of the clip.
attack = dict(type='FAB', steps=100, targets=9, threat=dict(type='L2', eps=1000))
