"""Linear light: what a sensor counts and a lamp gives, before it is coded as grey levels.

Shapes: T frames, H x W pixels.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions.clip import Frames

Light = NDArray[np.float32]
# The curve of sRGB (IEC 61966-2-1): a line below the toe, a power above.
TOE, SLOPE, OFFSET, POWER = 0.04045, 12.92, 0.055, 2.4
_LEVELS = np.arange(256) / 255
_CURVE = np.where(_LEVELS <= TOE, _LEVELS / SLOPE, ((_LEVELS + OFFSET) / (1 + OFFSET)) ** POWER)


def to_light(frames: Frames) -> Light:
    """Light 0 .. 1 of grey levels."""
    return _CURVE.astype(np.float32)[frames]


def from_light(light: NDArray[Any]) -> Frames:
    """Grey levels, rounded; light below 0 is black and above 1 white."""
    light = np.clip(light, 0, 1)
    power = (1 + OFFSET) * light ** (1 / POWER) - OFFSET
    levels = np.where(light <= TOE / SLOPE, SLOPE * light, power)
    return np.rint(255 * levels).astype(np.uint8)


def sensed(light: Light, shot: float, field: Light) -> Light:
    """Light as a sensor counts it, photon by photon, and reads it out.

    The variance is ``shot * light`` for the photons, and for reading out what cameras have in
    the mean beside such a ``shot``; both are taken as normal, as by Brooks et al. (2019,
    arXiv:1811.11127), whose the numbers are.

    Args:
        light: 0 .. 1, of (T, H, W, 3).
        shot: Light of one photon, > 0: a full sensor has counted 1 / shot of them.
        field: Standard normal numbers, (T, H, W, 3).
    """
    reading = np.exp(2.18 * np.log(shot) + 1.2)
    return light + np.sqrt(np.float32(shot) * light + np.float32(reading)) * field
