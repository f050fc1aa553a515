"""What is kept of clean frames, and gradients of the pose alone.

Shapes: N videos, R rows of logits of each, C classes, T frames, P persons, K joints.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class Held:
    """What a chain finds in a video's clean frames.

    Attributes:
        joints: (T, P, K, 3): x, y, score.
        prediction: The class.
    """

    joints: NDArray[np.float64]
    prediction: int


def pose_alone(losses: Tensor, predictions: Sequence[int]) -> Callable[..., Tensor]:
    """A hook of a head that puts logits of the pose in the place of the action's.

    The clean frames' class has minus the estimator's own loss from the clean pose, all others 0:
    whatever lowers that class drives the joints away, as
    :class:`~mmrobust.goals.corrupt_pose.CorruptPose` does, and knows nothing of the action.

    Args:
        losses: (N,), differentiable.
        predictions: N classes.
    """

    def hook(module: Any, inputs: Any, output: Tensor) -> Tensor:
        rows = len(output) // len(losses)
        chosen = torch.nn.functional.one_hot(
            torch.tensor(predictions, device=output.device), output.shape[1]
        )
        logits = -losses.to(output)[:, None] * chosen
        return logits.repeat_interleave(rows, dim=0)

    return hook
