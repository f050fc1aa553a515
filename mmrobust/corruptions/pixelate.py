"""Coarser pixels, as imagecorruptions has them (Michaelis et al. 2019, arXiv:1907.07484).

The kind is that of Hendrycks and Dietterich 2019 (arXiv:1903.12261), who enlarge with a box, too.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from mmrobust.corruptions.base import Corruption
from mmrobust.corruptions.clip import Clip, Frames
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class Pixelate(Corruption):
    """Every frame made smaller by means, and as large as before by repetition.

    ``constants`` are the shares of rows and of columns that are left.
    """

    group: ClassVar[str] = 'digital'
    constants: ClassVar[tuple[float, ...]] = (0.6, 0.5, 0.4, 0.3, 0.25)

    def apply(self, clip: Clip, drawing: Any, severity: int) -> Frames:
        """The coarser frames."""
        rows, columns = clip.size
        share = self.constants[severity - 1]
        small = int(columns * share), int(rows * share)
        pictures = (
            Image.fromarray(frame).resize(small, Image.Resampling.BOX) for frame in clip.frames
        )
        nearest = Image.Resampling.NEAREST
        return np.stack([np.asarray(one.resize((columns, rows), nearest)) for one in pictures])
