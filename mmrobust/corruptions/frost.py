"""Frost of ImageNet-C (Hendrycks and Dietterich 2019, arXiv:1903.12261)."""

from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions.base import truncated
from mmrobust.corruptions.clip import Frames
from mmrobust.corruptions.coherent import CoherentCorruption
from mmrobust.registry import CORRUPTIONS

PICTURES = ('frost1.png', 'frost2.png', 'frost3.png', 'frost4.jpg', 'frost5.jpg', 'frost6.jpg')


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class Frost(CoherentCorruption):
    """A photograph of frost over the picture.

    ``constants`` are the weights of picture and frost. The photographs are those of the package
    imagecorruptions, of its fork imagecorruptions-imaug or of the original; without it there is
    no frost, and ``ModuleNotFoundError`` names the package.
    """

    group: ClassVar[str] = 'weather'
    constants: ClassVar[tuple[tuple[float, float], ...]] = (
        (1, 0.4),
        (0.8, 0.6),
        (0.7, 0.7),
        (0.65, 0.7),
        (0.6, 0.75),
    )

    def draw_one(self, stream: np.random.Generator, size: tuple[int, int]) -> Any:
        """A part of one of six photographs, (H, W, 3), RGB."""
        which, down, right = stream.random(3)
        photograph = fitting(photographs()[int(which * len(PICTURES))], size)
        top = int(down * (photograph.shape[0] - size[0]))
        left = int(right * (photograph.shape[1] - size[1]))
        return photograph[top : top + size[0], left : left + size[1]]

    def apply_one(self, frames: Frames, one: Any, severity: int) -> Frames:
        """The frames behind one part of a photograph."""
        own, frost = self.constants[severity - 1]
        above = np.float32(frost) * one
        return np.stack([truncated(np.float32(own) * frame + above) for frame in frames])


def fitting(photograph: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """A tenth larger than it is, or than what covers ``size``, rows and columns."""
    scale = 1.1 * max(1, *(side / own for side, own in zip(size, photograph.shape, strict=False)))
    rows, columns = (int(np.ceil(side * scale)) for side in photograph.shape[:2])
    return cv2.resize(photograph, (columns, rows), interpolation=cv2.INTER_CUBIC)


@lru_cache(maxsize=1)
def photographs() -> list[NDArray[Any]]:
    """All six, (H, W, 3), RGB."""
    package = find_spec('imagecorruptions')
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError(
            'frost needs the photographs of a package: pip install imagecorruptions-imaug',
            name='imagecorruptions',
        )
    folder = Path(package.submodule_search_locations[0]) / 'frost'
    return [cv2.imread(str(folder / name))[..., ::-1] for name in PICTURES]
