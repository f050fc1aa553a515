# SuperDeepFool: DeepFool, whose perturbation is projected onto the normal of the border that it
# crosses. eps is the length of the whole clip's perturbation, so it grows with the size of the clip.
attack = dict(type='DeepFool', steps=50, projection=True, threat=dict(type='L2', eps=1000))
