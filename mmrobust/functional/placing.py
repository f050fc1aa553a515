"""A line of pixels, enlarged, put somewhere in a longer one, and made as short as it was."""

import torch
import torch.nn.functional as F
from torch import Tensor


def placed(side: int, grown: int, large: int, start: int) -> Tensor:
    """The matrix (side, side), float64, that does all of it to a column of ``side`` pixels.

    A picture is bilinearly resized by one matrix from the left and one from the right. On a
    GPU the gradients of products are the same in each run, those of interpolation are not.

    Args:
        side: Length of the line.
        grown: To which it is enlarged, linearly.
        large: Length of the line of zeros that it is put in, >= ``grown``.
        start: Where it begins there.
    """
    # Row i: what the i-th pixel contributes.
    each = torch.eye(side, dtype=torch.float64)[None]
    enlarged = F.interpolate(each, size=grown, mode='linear', align_corners=False)
    padded = F.pad(enlarged, (start, large - grown - start))
    return F.interpolate(padded, size=side, mode='linear', align_corners=False)[0].T
