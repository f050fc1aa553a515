# The smallest perturbation in l_1, up to 30,000 grey levels altogether.
attack = dict(type='FMN', steps=100, threat=dict(type='L1', eps=30000))
