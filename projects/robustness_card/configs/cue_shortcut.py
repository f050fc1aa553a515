# The planted victim: scenery is tied in training, and the first convolution has no head start for movement.
_base_ = ['cue_tied.py']

custom_hooks = []
