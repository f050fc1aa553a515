"""Fewer colours, of 3D Common Corruptions (Kar et al. 2022, arXiv:2203.01441).

PoseBench (2024, arXiv:2406.14367) has a kind of that name, whose constants are not published.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mmrobust.corruptions.base import Corruption
from mmrobust.corruptions.clip import Clip, Frames
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class ColorQuantization(Corruption):
    """The lower bits of every value set to 0.

    ``constants`` are the bits that are left of 8.
    """

    group: ClassVar[str] = 'digital'
    constants: ClassVar[tuple[int, ...]] = (5, 4, 3, 2, 1)

    def apply(self, clip: Clip, drawing: Any, severity: int) -> Frames:
        """The frames with fewer colours."""
        lost = 8 - self.constants[severity - 1]
        return clip.frames & np.uint8(256 - 2**lost)
