"""A victim that sees only some pixels of what it is shown.

Shapes: N samples, C channels, T frames, H, W pixels, K classes.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mmrobust.victims.counting import CountingVictim


class Spliced(CountingVictim):
    """Shows ``pixels`` under a mask and fixed pixels elsewhere to a victim.

    Args:
        victim: The counting victim underneath.
        base: What is shown outside the mask, (N, C, T, H, W).
        mask: True where the given pixels are shown, broadcasts against ``base``.
    """

    def __init__(self, victim: CountingVictim, base: Tensor, mask: Tensor) -> None:
        super().__init__(victim.victim, victim.counters, victim.rows, victim.success_on)
        self.base, self.mask = base, mask

    def __call__(self, pixels: Tensor) -> Tensor:
        """Outputs (N, K), counted."""
        return super().__call__(self._splice(pixels))

    def verdict(self, pixels: Tensor) -> Tensor:
        """Outputs (N, K), without gradient, of the victim that decides on success."""
        if self.success_on is None:
            return super().verdict(pixels)
        return super().verdict(self._splice(pixels))

    def select(self, rows: Tensor) -> Spliced:
        """The spliced victim of some of the samples."""
        place = rows.to(self.base.device)
        return Spliced(super().select(rows), self.base[place], self.mask[place])

    def _splice(self, pixels: Tensor) -> Tensor:
        return torch.where(self.mask, pixels, self.base)
