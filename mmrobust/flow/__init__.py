"""Optical flow: estimators, and recognisers that compute their own flow.

``estimators`` holds one estimator per module behind
:class:`~mmrobust.flow.estimator.FlowEstimator`; ``recognizers`` the MMAction2
models that see flow made from the raw frames, so that gradients and attacks
reach the pixels.
"""
