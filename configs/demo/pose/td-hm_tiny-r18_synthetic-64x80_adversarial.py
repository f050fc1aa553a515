# The demo's pose estimator trained on what PGD makes of its crops.
_base_ = ['td-hm_tiny-r18_synthetic-64x80.py']

custom_hooks = [
    dict(
        type='mmrobust.AdversarialTraining', threat=dict(type='Linf', eps=2), steps=3, step_size=0.5
    ),
]
