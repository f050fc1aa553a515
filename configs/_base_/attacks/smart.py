# SMART of skeletons, as published: no ball round the track. `attack.threat.eps=0.05` sets one.
# The step is in what the track is counted in (torsos), and of a whole frame.
attack = dict(type='SMART', steps=1000, step_size=0.01)
