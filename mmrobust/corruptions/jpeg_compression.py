"""JPEG compression of ImageNet-C (Hendrycks and Dietterich 2019, arXiv:1903.12261)."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from mmrobust.corruptions.base import Corruption
from mmrobust.corruptions.clip import Clip, Frames
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class JPEGCompression(Corruption):
    """Every frame through a JPEG file of Pillow's.

    ``constants`` are its qualities.
    """

    group: ClassVar[str] = 'digital'
    constants: ClassVar[tuple[int, ...]] = (25, 18, 15, 10, 7)

    def apply(self, clip: Clip, drawing: Any, severity: int) -> Frames:
        """The frames as read back."""
        return np.stack([_through(frame, self.constants[severity - 1]) for frame in clip.frames])


def _through(frame: Frames, quality: int) -> Frames:
    file = BytesIO()
    Image.fromarray(frame).save(file, 'JPEG', quality=quality)
    return np.asarray(Image.open(file))
