"""From two frames to the input of the networks.

Shapes: M pairs, H, W pixels.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

RGB_MAX = 255.0
# Level 6 is 64 times smaller than the frames.
MULTIPLE = 64


def normalise(first: Tensor, second: Tensor) -> Tensor:
    """(M, 6, H, W) from frames (M, 3, H, W), 0..255: means removed, divided by 255.

    A mean is that of one channel over both frames of one pair.
    """
    mean = torch.stack([first, second]).mean(dim=(0, 3, 4))[..., None, None]
    return torch.cat([first - mean, second - mean], dim=1) / RGB_MAX


def pad(x: Tensor) -> Tensor:
    """Repeat the last column and row until both sides are multiples of 64.

    Deviation: NVIDIA's scripts crop the frames instead, which leaves pixels
    without flow and frames below 64 pixels without any. What is added lies to
    the right and below, so that pixels keep their coordinates.
    """
    height, width = x.shape[-2:]
    return F.pad(x, (0, -width % MULTIPLE, 0, -height % MULTIPLE), mode='replicate')
