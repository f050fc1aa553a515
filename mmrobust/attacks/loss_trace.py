"""Whether the objective of a run was still growing when its steps were used up.

Shapes: N samples.
"""

import torch
from torch import Tensor

# Of the whole rise: more than this in the last steps, and more steps would have found more.
RISING = 0.05
# Below, the first steps are the last ones.
SHORTEST = 4


class LossTrace:
    """The best objective of each sample so far, and what it was some steps before the end.

    Source: the rule is the fourth indicator of failure of Pintor et al. 2022,
    arXiv:2106.09947. Deviation: the last steps are ten, or half of a shorter run.

    Args:
        n: Number of samples.
        steps: Of the run.
    """

    def __init__(self, n: int, steps: int) -> None:
        last = min(10, steps // 2) if steps >= SHORTEST else 0
        self._then_at = steps - 1 - last
        self._lowest = torch.full((n,), torch.inf, dtype=torch.float64)
        self._best, self._then = -self._lowest, -self._lowest

    def add(self, rows: Tensor, objective: Tensor, iteration: int) -> None:
        """Take note of the objective (M,) of the samples ``rows`` (M,) at a step, from 0."""
        value = objective.detach().double().cpu()
        self._lowest[rows] = torch.fmin(self._lowest[rows], value)
        self._best[rows] = torch.fmax(self._best[rows], value)
        if iteration <= self._then_at:
            self._then[rows] = self._best[rows]

    def still_rising(self, rows: Tensor) -> Tensor:
        """Which of the samples ``rows`` (M,) rose in their last steps, (M,) bool."""
        late = self._best[rows] - self._then[rows]
        return late > RISING * (self._best[rows] - self._lowest[rows])
