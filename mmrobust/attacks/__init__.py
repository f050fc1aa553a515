"""The attacks, one algorithm per file: ``from mmrobust.attacks import PGD``.

A new attack is a new file with a class under ``@ATTACKS.register_module()``;
nothing else has to be touched.
"""

from mmrobust.attacks.base import Attack
from mmrobust.lazy import offers

__getattr__, __dir__ = offers(__name__, 'ATTACKS')
__all__ = ['Attack']
