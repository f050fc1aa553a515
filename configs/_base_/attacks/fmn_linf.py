# Fast minimum norm: the smallest change in l_inf, a whole number of grey levels. eps is where it
# gives up.
attack = dict(type='FMN', steps=100, threat=dict(type='Linf', eps=32))
