# Projected gradient descent in the l_1 ball. eps is the sum of the absolute changes of all values
# of a clip, so it grows with the size of the clip.
attack = dict(
    type='PGD', steps=20, step_size=0.2, step_unit='eps', threat=dict(type='L1', eps=10000)
)
