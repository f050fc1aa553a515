"""Which predicted person is which annotated one, and which joints are right.

Shapes: J annotated persons, P predicted ones, K joints; pixels of the input.
"""

from __future__ import annotations

import torch
from torch import Tensor


def matched(joints: Tensor, keypoints: Tensor, right: Tensor, visible: Tensor) -> Tensor:
    """The predicted person (J,) of every annotated one, -1 for none.

    No two share one. Of all assignments it is the one with the most right
    joints, and among those the nearest: the judgement that favours the victim.

    Args:
        joints: (P, K, 2), predicted.
        keypoints: (J, K, 2), annotated.
        right: (J, P, K) bool, joints that are near enough.
        visible: (J, K) bool.
    """
    from scipy.optimize import linear_sum_assignment

    gaps = (joints[None] - keypoints[:, None]).norm(dim=3).nan_to_num(posinf=1e9)
    # A person of whom nothing is visible takes no one's place: 0 / 0 is worth nothing.
    mean = (gaps * visible[:, None]).sum(dim=2) / visible.sum(dim=1)[:, None]
    # A nearer person is worth less than one more joint, whatever their number.
    worth = right.sum(dim=2) + (1 / (1 + mean)).nan_to_num() / (1 + len(keypoints))
    rows, columns = linear_sum_assignment(worth.numpy(), maximize=True)
    found = torch.full((len(keypoints),), -1)
    found[torch.from_numpy(rows)] = torch.from_numpy(columns)
    return found


def right_joints(
    joints: Tensor, keypoints: Tensor, visible: Tensor, scale: Tensor, tau: float
) -> tuple[Tensor, Tensor]:
    """Visible joints (J, K) that are found where they are, and the person (J,) who has them.

    A joint is right if its person's match is within ``tau`` of it, in lengths
    of that person's ``scale``; without a match all its joints are wrong.

    Args:
        joints: (P, K, 2), predicted.
        keypoints: (J, K, 2), annotated.
        visible: (J, K) bool.
        scale: (J,), pixels.
        tau: Distance in scales.
    """
    joints, keypoints, scale = (part.double().cpu() for part in (joints, keypoints, scale))
    visible = visible.cpu()
    if not len(joints):
        return torch.zeros_like(visible), torch.full((len(keypoints),), -1)
    gaps = (joints[None] - keypoints[:, None]).norm(dim=3)
    right = (gaps <= tau * scale[:, None, None]) & visible[:, None]
    found = matched(joints, keypoints, right, visible)
    own = right[torch.arange(len(keypoints)), found.clamp(min=0)]
    return own & (found >= 0)[:, None], found
