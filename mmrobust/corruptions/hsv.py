"""Value and saturation of pixels without the way to hue and back.

Value is the largest of the three channels; saturation is how far the smallest lies below it, as a
share of it.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions.base import truncated
from mmrobust.corruptions.clip import Frames


def with_value_added(frame: Frames, amount: float) -> Frames:
    """A frame (H, W, 3) with another value, 0..255, and the same hue and saturation.

    Args:
        frame: As it was.
        amount: Of grey levels, which may be negative. Black turns grey.
    """
    before = np.arange(256, dtype=np.float32)
    after = np.clip(before + np.float32(amount), 0, 255)
    gains = np.append(np.float32(0), after[1:] / before[1:])
    value = _value(frame)
    return truncated(np.where(value > 0, frame * gains[value], after[0]))


def with_saturation(frame: Frames, factor: float, amount: float) -> Frames:
    """A frame (H, W, 3) with another saturation, 0..1, and the same hue and value.

    Args:
        frame: As it was.
        factor: Of the saturation.
        amount: That is added after it. Grey turns red, whose hue is 0.
    """
    value = _value(frame).astype(np.float32)
    below = value - frame
    span = np.maximum(np.maximum(below[..., :1], below[..., 1:2]), below[..., 2:])
    new = np.clip(np.float32(factor) * span / np.maximum(value, 1) + np.float32(amount), 0, 1)
    red = np.array([0, 1, 1], np.float32)
    # 0 for the largest channel, 1 for the smallest.
    places = np.where(span > 0, below / np.maximum(span, 1), red)
    return truncated(value * (1 - places * new))


def _value(frame: Frames) -> NDArray[Any]:
    return np.maximum(np.maximum(frame[..., :1], frame[..., 1:2]), frame[..., 2:])
