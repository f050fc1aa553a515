"""Data sets that need no download: drawn ones, and raw files; and what reads them.

Importing this package needs mmengine and mmcv, not MMAction2 nor MMPose.
"""

from mmrobust.lazy import offers

__getattr__, __dir__ = offers(__name__, 'DATASETS', 'TRANSFORMS')
