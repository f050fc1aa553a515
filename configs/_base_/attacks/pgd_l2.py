# Projected gradient descent in the l_2 ball. eps is the length of the whole
# clip's perturbation, so it grows with the size of the clip.
attack = dict(
    type='PGD', steps=20, step_size=0.2, step_unit='eps', threat=dict(type='L2', eps=1000)
)
