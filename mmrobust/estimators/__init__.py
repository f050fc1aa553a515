"""Gradient estimators for query attacks, one per file; every module here is imported."""

import importlib
import pkgutil

from mmrobust.estimators.base import Estimate, GradientEstimator

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f'{__name__}.{_module.name}')

__all__ = ['Estimate', 'GradientEstimator']
