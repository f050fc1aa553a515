"""Transforms that read the embedded data sets, and that sample frames for flow."""

from mmrobust.lazy import offers

__getattr__, __dir__ = offers(__name__, 'TRANSFORMS')
