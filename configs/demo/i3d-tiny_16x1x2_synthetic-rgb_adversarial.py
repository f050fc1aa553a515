# The demo's I3D trained on what PGD makes of its clips: a victim that is not fooled at once.
_base_ = ['i3d-tiny_16x1x2_synthetic-rgb.py']

custom_hooks = [
    dict(type='mmrobust.MotionStemHook'),
    dict(
        type='mmrobust.AdversarialTraining', threat=dict(type='Linf', eps=2), steps=3, step_size=0.5
    ),
]
