"""Natural changes of clips and pictures, one kind per file, drawn and applied without any model.

A new kind is a new file with a class under ``@CORRUPTIONS.register_module()``; nothing else
has to be touched.
"""

from mmrobust.corruptions.base import Corruption
from mmrobust.corruptions.clip import Clip
from mmrobust.corruptions.draws import Draws
from mmrobust.lazy import offers

__getattr__, __dir__ = offers(__name__, 'CORRUPTIONS')
__all__ = ['Clip', 'Corruption', 'Draws']
