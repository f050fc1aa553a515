"""Random numbers for every value of a clip, anew in every frame.

A frame that was sampled twice has the same numbers twice. All are float32, (T, H, W, 3).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions.clip import Clip
from mmrobust.corruptions.draws import Draws


def normal_fields(clip: Clip, draws: Draws) -> NDArray[Any]:
    """Standard normal numbers."""
    shape = clip.frames.shape[1:]
    streams = (draws.of_frame(one) for one in clip.indices)
    return np.stack([stream.standard_normal(shape, np.float32) for stream in streams])


def uniform_fields(clip: Clip, draws: Draws) -> NDArray[Any]:
    """Numbers in [0, 1)."""
    shape = clip.frames.shape[1:]
    streams = (draws.of_frame(one) for one in clip.indices)
    return np.stack([stream.random(shape, np.float32) for stream in streams])
