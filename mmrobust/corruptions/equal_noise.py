"""The control of a corruption: white noise that changes a clip by as much.

Shapes: T frames, H x W pixels.
"""

import numpy as np

from mmrobust.corruptions.clip import Clip, Frames
from mmrobust.corruptions.draws import Draws
from mmrobust.corruptions.fields import normal_fields

# Black and white pixels cannot all be changed: the scale is raised until the size is right.
ROUNDS, CLOSE = 12, 0.01


def rmse(clean: Frames, changed: Frames) -> float:
    """Root mean square error in grey levels, over all frames (T, H, W, 3)."""
    return float(np.sqrt(np.mean((changed.astype(np.float32) - clean) ** 2)))


def equal_noise(clip: Clip, size: float, draws: Draws) -> Frames:
    """The clip under normal noise, anew on every value, rounded to whole grey levels.

    What a kind of corruption costs beyond this control, it costs by what it does and not by
    how much it changes.

    Args:
        clip: The clean one.
        size: Root mean square error that the noise is to have, in grey levels, >= 0; as much of
            it as the range of values has room for.
        draws: Of the control, a stream of its own.
    """
    field, clean, scale = normal_fields(clip, draws), clip.frames.astype(np.float32), size
    found = clip.frames
    for _ in range(ROUNDS if size > 0 else 0):
        found = np.rint(np.clip(clean + scale * field, 0, 255)).astype(np.uint8)
        reached = rmse(clip.frames, found)
        if abs(reached - size) <= CLOSE * size:
            break
        scale *= size / reached if reached else 2.0
    return found
