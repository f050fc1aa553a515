# DeepFool: to the nearest border in l_2, step by step. eps is where it gives up: the length of
# the whole clip's perturbation, so it grows with the size of the clip.
attack = dict(type='DeepFool', steps=50, threat=dict(type='L2', eps=1000))
