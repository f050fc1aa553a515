"""The flow estimators, one per module.

A new estimator is a new file with a class under ``@FLOWS.register_module()``.
"""

from mmrobust.lazy import offers

__getattr__, __dir__ = offers(__name__, 'FLOWS')
