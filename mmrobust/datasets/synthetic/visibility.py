"""Which joints of a body can be seen.

Shapes: T frames, H, W pixels, K keypoints.
"""

import numpy as np
from numpy.typing import NDArray

from mmrobust.datasets.synthetic.body import PARTS
from mmrobust.datasets.synthetic.skeleton import KEYPOINTS

# The parts that meet at a joint: it is visible where one of them is seen.
MEET = {
    'head': ('head',),
    'neck': ('neck', 'torso', 'head'),
    'shoulder': ('torso', 'upper_arm'),
    'elbow': ('upper_arm', 'forearm'),
    'wrist': ('forearm', 'hand'),
    'hip': ('hips', 'torso', 'thigh'),
    'knee': ('thigh', 'shin'),
    'ankle': ('shin', 'foot'),
}


def _layers(keypoint: str) -> list[int]:
    side, _, joint = keypoint.rpartition('_')
    names = [name if name in PARTS else f'{side}_{name}' for name in MEET[joint]]
    return [PARTS.index(name) + 1 for name in names]


def visible_keypoints(
    keypoints: NDArray[np.float32], owner: NDArray[np.uint8]
) -> NDArray[np.bool_]:
    """Joints inside the frame at a pixel that shows one of their parts.

    Args:
        keypoints: (x, y) in pixels (T, K, 2).
        owner: Layer seen at each pixel (T, H, W).

    Returns:
        bool (T, K).
    """
    _, height, width = owner.shape
    place = np.rint(keypoints).astype(np.int64)
    x, y = place[..., 0], place[..., 1]
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    time = np.arange(len(owner))[:, None]
    seen = owner[time, np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
    shown = np.stack([np.isin(seen[:, k], _layers(name)) for k, name in enumerate(KEYPOINTS)], 1)
    return inside & shown


def figure_boxes(owner: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Left, top, right and bottom (T, 4) of the figure's pixels; NaN where it is not seen.

    Args:
        owner: Layer seen at each pixel (T, H, W).
    """
    found = np.full((len(owner), 4), np.nan, np.float32)
    for box, layer in zip(found, owner, strict=True):
        rows, columns = np.nonzero(layer)
        if len(rows):
            box[:] = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    return found
