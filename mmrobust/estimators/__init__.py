"""Gradient estimators for query attacks, one per file."""

from mmrobust.estimators.base import Estimate, GradientEstimator
from mmrobust.lazy import offers

__getattr__, __dir__ = offers(__name__, 'ESTIMATORS')
__all__ = ['Estimate', 'GradientEstimator']
