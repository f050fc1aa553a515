# Fast minimum norm: the smallest change in l_2. eps is where it gives up: the length of the
# whole clip's perturbation, so it grows with the size of the clip.
attack = dict(type='FMN', steps=100, threat=dict(type='L2', eps=1000))
