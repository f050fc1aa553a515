# Carlini and Wagner's attack in l_2: nine weights, 100 steps each. eps is where it gives up: the
# length of the whole clip's perturbation, so it grows with the size of the clip.
attack = dict(type='CarliniWagner', steps=100, searches=9, threat=dict(type='L2', eps=1000))
