"""Count what an attack costs, per sample, whatever it does.

An attack never holds the victim itself but this meter round it: every call
counts a forward for every sample in it, and every gradient that flows back
through the outputs counts a backward.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmrobust.victims.base import Victim


class Tally:
    """Costs and remarks for the N samples of an attack.

    Attributes:
        forwards: (N,) victim calls.
        backwards: (N,) gradients taken.
        flags: Remarks per sample, such as ``zero_gradient``.
    """

    def __init__(self, n: int) -> None:
        self.forwards = torch.zeros(n, dtype=torch.long)
        self.backwards = torch.zeros(n, dtype=torch.long)
        self.flags: list[set[str]] = [set() for _ in range(n)]


class Metered(Victim):
    """A victim whose use is counted.

    Args:
        victim: The victim, bound to the samples ``rows``.
        tally: Where to count; shared by all selections.
        rows: Indices (N,) of the samples in the tally.
    """

    def __init__(self, victim: Victim, tally: Tally, rows: Tensor) -> None:
        self.victim, self.tally, self.rows = victim, tally, rows
        self.bounds = victim.bounds

    def __call__(self, pixels: Tensor) -> Tensor:
        """Outputs (N, K) of the victim, counted."""
        if len(pixels) != len(self.rows):
            raise ValueError(
                f'pixels must hold the {len(self.rows)} samples of this victim, got {len(pixels)}'
            )
        self.tally.forwards[self.rows] += 1
        outputs = self.victim(pixels)
        self.flag('not_finite', ~outputs.detach().isfinite().flatten(1).all(dim=1))
        if outputs.requires_grad:
            outputs.register_hook(self._count_backward)
        return outputs

    def _count_backward(self, gradient: Tensor) -> None:
        self.tally.backwards[self.rows] += 1

    def flag(self, name: str, mask: Tensor) -> None:
        """Remark ``name`` on the samples where ``mask`` (N,) is true."""
        for row in self.rows[mask.cpu()].tolist():
            self.tally.flags[row].add(name)

    def select(self, rows: Tensor) -> Metered:
        """The victim of some of the samples; counts go to the same tally."""
        rows = rows.cpu()
        return Metered(self.victim.select(rows), self.tally, self.rows[rows])

    @property
    def model(self) -> nn.Module | None:
        """The network inside."""
        return self.victim.model
