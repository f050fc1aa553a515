"""The seam to mmengine: loop, hooks, what a run leaves."""

from mmrobust.lazy import offers

__getattr__, __dir__ = offers(__name__, 'LOOPS', 'HOOKS')
