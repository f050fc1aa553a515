# Motion-excited sampler, targeted: the next class, or attack.goal.target=CLASS. The search sets
# out from a clip of the target class with attack.start=LIST, from the clip itself without.
_base_ = ['me_sampler.py']

attack = dict(budget=200000, goal=dict(type='TargetClass'))
