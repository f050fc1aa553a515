"""The boxes of a video's persons, frame by frame.

Shapes: T frames, H, W pixels, P persons of a frame at most.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from mmrobust.functional.checks import require

Kind = Literal['given', 'whole']
PACKED = ('boxes', 'boxes_shape')


def frame_boxes(sample: Any, frames: Tensor, kind: Kind) -> Tensor:
    """Boxes (T, P, 4), single precision: left, top, right, bottom, pixels; NaN for nobody.

    Args:
        sample: The video's data sample, or None.
        frames: (T, 3, H, W), as the estimator sees them.
        kind: ``given``: those that ``mmrobust.FrameBoxes`` has put into the sample; ``whole``:
            one person, whose box is the frame.

    Raises:
        ValueError: There are none, they are those of other frames, or nobody is in any frame.
    """
    count, size = len(frames), tuple(frames.shape[-2:])
    if kind == 'whole':
        whole = torch.tensor([0.0, 0.0, size[1], size[0]], device=frames.device)
        return whole.expand(count, 1, 4)
    packed = {} if sample is None else sample.metainfo
    rule = (
        "packed with every video (mmrobust.FrameBoxes before FormatShape, and meta_keys=('boxes', "
        "'boxes_shape') of PackActionInputs), or model.boxes=whole"
    )
    missing = [name for name in PACKED if packed.get(name) is None]
    require(not missing, 'boxes', rule, f'no {" and no ".join(missing)}')
    boxes = np.asarray(packed['boxes'], dtype=np.float32)
    fits = boxes.ndim == 3 and boxes.shape[::2] == (count, 4)
    require(fits, 'boxes', f'of shape ({count}, persons, 4)', boxes.shape)
    # A crop behind them would leave them where nobody is.
    of = tuple(packed['boxes_shape'])
    require(of == size, 'boxes', f'those of frames of {size[0]} x {size[1]} pixels', of)
    some = bool(np.isfinite(boxes).all(axis=2).any())
    require(some, 'boxes', 'of somebody in one frame at least', 'nobody')
    return torch.from_numpy(boxes).to(frames.device)
