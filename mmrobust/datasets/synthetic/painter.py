"""Painter's algorithm: background, shadow, then the parts from far to near.

Shapes: T frames, H, W pixels, M margin of the background canvas.
"""

import numpy as np
from numpy.typing import NDArray

from mmrobust.datasets.synthetic.noise import Array
from mmrobust.datasets.synthetic.part import Part, Patch, draw
from mmrobust.datasets.synthetic.skeleton import Floats

SHADOW = 0.3


def moved(canvas: Array, shape: tuple[int, int], drift: Floats) -> Array:
    """The background under a camera that drifts, by bilinear interpolation.

    Args:
        canvas: Background (H + 2M, W + 2M, 3).
        shape: (H, W) of a frame.
        drift: Displacement of the background in the image (T, 2), |drift| < M - 1.

    Returns:
        float32 (T, H, W, 3).
    """
    height, width = shape
    margin = (canvas.shape[0] - height) // 2
    frames = np.empty((len(drift), height, width, 3), np.float32)
    for frame, (dx, dy) in zip(frames, drift, strict=True):
        top, left = int(np.floor(margin - dy)), int(np.floor(margin - dx))
        fy, fx = np.float32(margin - dy - top), np.float32(margin - dx - left)
        view = canvas[top : top + height + 1, left : left + width + 1]
        rows = view[:-1] * (1 - fy) + view[1:] * fy
        frame[:] = rows[:, :-1] * (1 - fx) + rows[:, 1:] * fx
    return frames


def cast_shadow(frames: Array, feet: Floats, size: float) -> None:
    """Darken the ground softly under the feet, in place.

    Args:
        frames: (T, H, W, 3).
        feet: Point on the ground (T, 2), pixels.
        size: Body height, pixels.
    """
    _, height, width, _ = frames.shape
    x = np.arange(width, dtype=np.float32)
    wide, tall = 0.22 * size, 0.05 * size
    for frame, (cx, cy) in zip(frames, feet.astype(np.float32), strict=True):
        # Four widths away the factor is 1 to the last bit of a float32.
        top, bottom = max(int(cy - 4 * tall), 0), min(int(cy + 4 * tall) + 2, height)
        y = np.arange(top, bottom, dtype=np.float32)[:, None]
        far = ((x - cx) / wide) ** 2 + ((y - cy) / tall) ** 2
        frame[top:bottom] *= (1 - SHADOW * np.exp(-far))[..., None]


def compose(frames: Array, parts: list[Part], light: tuple[float, float]) -> NDArray[np.uint8]:
    """Paint the parts over the frames, in place.

    Returns:
        uint8 (T, H, W): 0 where the background is seen, 1 + i where part i is.
    """
    patches = [draw(part, light) for part in parts]
    depth = np.stack([part.depth for part in parts])
    owner = np.zeros(frames.shape[:3], np.uint8)
    for t in range(len(frames)):
        for index in np.argsort(-depth[:, t], kind='stable'):
            _paint(frames[t], owner[t], patches[index], t, int(index) + 1)
    return owner


def _paint(frame: Array, owner: NDArray[np.uint8], patch: Patch, t: int, layer: int) -> None:
    height, width = owner.shape
    left, top = int(patch.corner[t, 0]), int(patch.corner[t, 1])
    first_row, last_row, first_column, last_column = patch.covered[t]
    y0, y1 = max(top + first_row, 0), min(top + last_row, height)
    x0, x1 = max(left + first_column, 0), min(left + last_column, width)
    if y0 >= y1 or x0 >= x1:
        return
    inside = slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)
    alpha = patch.alpha[t][inside]
    area = frame[y0:y1, x0:x1]
    area += (patch.colour[t][inside] - area) * alpha[..., None]
    owner[y0:y1, x0:x1][alpha >= 0.5] = layer
