# APGD in l_1: as many values as have proved useful, from larger balls; the paper's 100 steps.
attack = dict(type='APGD', steps=100, threat=dict(type='L1', eps=10000))
