"""Checks and enlargement of frames.

Shapes: T frames, H rows, W columns; frames are uint8 RGB of shape (T, H, W, 3).
"""

import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.uint8]

MIN_HEIGHT = 160
MAX_WIDTH = 1280


def check_frames(frames: Frames, name: str = 'frames') -> None:
    """Raise ValueError unless ``frames`` is a non-empty uint8 (T, H, W, 3) array."""
    if not isinstance(frames, np.ndarray) or frames.dtype != np.uint8:
        kind = getattr(frames, 'dtype', type(frames).__name__)
        raise ValueError(f'{name} must be a uint8 array, got {kind}')
    if frames.ndim != 4 or frames.shape[3] != 3 or 0 in frames.shape:
        raise ValueError(f'{name} must have the shape (T, H, W, 3), none 0, got {frames.shape}')


def enlarge(frames: Frames) -> Frames:
    """Repeat pixels by a whole factor until frames are easy to see.

    Args:
        frames: uint8, (T, H, W, 3).

    Returns:
        uint8, (T, H * s, W * s, 3): at least 160 rows, unless that would
        make them more than 1280 pixels wide.
    """
    height, width = frames.shape[1:3]
    factor = max(1, min(-(-MIN_HEIGHT // height), MAX_WIDTH // width))
    return frames.repeat(factor, axis=1).repeat(factor, axis=2)


def resized(frames: Frames, height: int) -> Frames:
    """Frames of another height, as MMAction2's Resize to (-1, height) makes them."""
    import cv2

    width = int(frames.shape[2] * height / frames.shape[1] + 0.5)
    return np.stack([cv2.resize(frame, (width, height)) for frame in frames])
