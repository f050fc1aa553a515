"""Where scores have their peaks."""

import torch
from torch import Tensor
from torch.nn.functional import max_pool1d, max_pool2d

from mmrobust.functional.checks import require


def local_maxima(scores: Tensor, axes: int) -> Tensor:
    """Which scores are above the mean and not below a neighbour; of the shape of ``scores``.

    Every cell of a plateau is one. Neighbours touch along the last ``axes`` axes, in a plane
    also by a corner; the mean is taken over them, too.

    Args:
        scores: (..., B) or (..., H, W), finite.
        axes: 1 for a line, 2 for a plane.

    Raises:
        ValueError: Another number of axes.
    """
    require(axes in (1, 2), 'axes', '1 or 2', axes)
    pool = max_pool1d if axes == 1 else max_pool2d
    shape = scores.shape[-axes:]
    flat = scores.detach().reshape(-1, 1, *shape)
    highest = pool(flat, 3, stride=1, padding=1)
    mean = flat.mean(dim=tuple(range(2, 2 + axes)), keepdim=True)
    found: Tensor = torch.logical_and(flat >= highest, flat > mean)
    return found.reshape(scores.shape)
