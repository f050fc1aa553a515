# A surrogate (--surrogate): gradients that move the joints, whatever becomes of the action.
_base_ = ['stgcnpp_tiny-heatmap_synthetic-rgb.py']

model = dict(aim='pose')
