"""What in the pixels a victim's answer rests on, one method per file.

A new method is a new file with a class under ``@EXPLANATIONS.register_module()``; nothing else
has to be touched.
"""

from mmrobust.explanations.base import Explanation
from mmrobust.explanations.question import Question
from mmrobust.lazy import offers

__getattr__, __dir__ = offers(__name__, 'EXPLANATIONS')
__all__ = ['Explanation', 'Question']
