# The same I3D; in training, too, nine of ten videos of a class have that class's kind of scenery.
_base_ = ['cue_fair.py']

train_dataloader = dict(dataset=dict(tied_scenery=0.9))
