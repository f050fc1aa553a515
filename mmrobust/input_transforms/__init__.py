"""What is done to pixels before an attack's victim sees them, one algorithm per file.

A new transform is a new file with a class under ``@INPUT_TRANSFORMS.register_module()``;
nothing else has to be touched.
"""

from mmrobust.input_transforms.base import InputTransform
from mmrobust.lazy import offers

__getattr__, __dir__ = offers(__name__, 'INPUT_TRANSFORMS')
__all__ = ['InputTransform']
