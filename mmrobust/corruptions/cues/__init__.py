"""What a recogniser goes by: the person or the scenery, movement or single frames.

Each kind, one per file, films a sample again with one of them exchanged or taken away. That takes
the scene, not its pixels: only data sets that render their videos offer it. A new kind is a new
file with a class under ``@CUES.register_module()``.
"""

from mmrobust.corruptions.cues.base import Cue
from mmrobust.corruptions.cues.stage import Stage
from mmrobust.corruptions.draws import Draws
from mmrobust.lazy import offers

__getattr__, __dir__ = offers(__name__, 'CUES')
__all__ = ['Cue', 'Draws', 'Stage']
