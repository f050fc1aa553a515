"""Find out what a pipeline's cropping does by letting it crop coordinates.

Shapes: L images in the pipeline's flat list, U distinct frames, H, W the
canvas (the frame after Resize), h, w a view. After the canvas, test pipelines
only cut windows out of frames, perhaps mirrored. Instead of knowing each
transform, we run it on images whose values are (position, row, column) and
read the windows off the result: any transform that only moves pixels works,
also a user's own, and any that computes new pixels is found out and named.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrobust.victims.samples import UnknownTransformError

Results = dict[str, Any]
Images = Sequence[NDArray[Any]]


@dataclass(frozen=True)
class Windows:
    """Where each of L views' images was cut from.

    Attributes:
        rows: (L, 4) int64: position in the list of canvas frames, top, left,
            and 1 where the window is mirrored left to right.
        height: h, pixels.
        width: w, pixels.
    """

    rows: NDArray[np.int64]
    height: int
    width: int

    def cut(self, frames: Images, index: int) -> NDArray[Any]:
        """Image ``index`` (h, w, C), cut out of ``frames`` (H, W, C)."""
        position, top, left, mirrored = self.rows[index]
        window = frames[position][top : top + self.height, left : left + self.width]
        return window[:, ::-1] if mirrored else window


def whole(count: int, height: int, width: int) -> Windows:
    """The windows before any cropping: every frame in full."""
    rows = np.zeros((count, 4), dtype=np.int64)
    rows[:, 0] = np.arange(count)
    return Windows(rows, height, width)


def coordinate_images(count: int, height: int, width: int) -> list[NDArray[np.int16]]:
    """``count`` images (H, W, 3) of (position, row, column).

    Raises:
        ValueError: A size exceeds 16 bits.
    """
    if max(count, height, width) > np.iinfo(np.int16).max:
        raise ValueError(f'canvas must be below 32768 in every size, got {(count, height, width)}')
    grid = np.empty((height, width, 3), dtype=np.int16)
    grid[..., 1], grid[..., 2] = np.indices((height, width), dtype=np.int16)
    images = []
    for position in range(count):
        image = grid.copy()
        image[..., 0] = position
        images.append(image)
    return images


def probe(
    transform: Callable[[Results], Results | None], results: Results, images: Images
) -> Results:
    """Run ``transform`` on coordinate images in place of the real ones.

    Args:
        transform: A transform of the pipeline.
        results: The pipeline's state before it; not changed.
        images: Coordinate images as the earlier transforms left them.
    """
    state = {key: deepcopy(value) for key, value in results.items() if key != 'imgs'}
    state['imgs'] = [image.copy() for image in images]
    try:
        after = transform(state)
    except Exception as error:
        raise UnknownTransformError(transform, f'it fails on coordinates ({error})') from error
    if after is None or 'imgs' not in after:
        raise UnknownTransformError(transform, 'it returns no images')
    return after


def read_windows(transform: object, images: Images, canvas: Images) -> Windows:
    """Read the windows off coordinate images that a transform has cut.

    Raises:
        UnknownTransformError: They are no windows: pixels were computed,
            transposed, subsampled, or windows of several sizes.
    """
    sizes = {image.shape for image in images}
    if len(sizes) != 1 or next(iter(sizes))[2:] != (3,):
        raise UnknownTransformError(transform, f'it makes images of shapes {sorted(sizes)[:3]}')
    height, width = next(iter(sizes))[:2]
    rows = np.zeros((len(images), 4), dtype=np.int64)
    for i, image in enumerate(images):
        position, top, left = (int(v) for v in image[0, 0])
        mirrored = width > 1 and int(image[0, -1, 2]) < left
        rows[i] = position, top, left - (width - 1) * mirrored, mirrored
    windows = Windows(rows, height, width)
    for i, image in enumerate(images):
        inside = 0 <= rows[i, 0] < len(canvas) and image.dtype == canvas[0].dtype
        if not inside or not np.array_equal(windows.cut(canvas, i), image):
            raise UnknownTransformError(transform, 'it computes new pixels, not just windows')
    return windows
