# The demo's heatmap estimator, beside the other heads on the same backbone.
_base_ = ['../../../configs/demo/pose/td-hm_tiny-r18_synthetic-64x80.py']
