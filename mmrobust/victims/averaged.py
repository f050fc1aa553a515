"""The mean of several answers, of a victim that answers the same pixels differently.

Shapes: N samples, C channels, T frames, H, W pixels, K outputs.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from mmrobust.victims.bound import Clip
from mmrobust.victims.counting import CountingVictim


class AveragedVictim(CountingVictim):
    """Every answer is the mean of ``draws``, each of which is counted.

    Args:
        victim: What is asked.
        draws: How often, >= 1.
    """

    def __init__(self, victim: CountingVictim, draws: int) -> None:
        super().__init__(
            victim.victim, victim.counters, victim.rows, victim.success_on, victim.answer_logs
        )
        self.draws = draws

    def __call__(self, pixels: Tensor) -> Tensor:
        """Mean outputs (N, K), differentiable: the graphs of all draws are kept."""
        total = super().__call__(pixels)
        for _ in range(self.draws - 1):
            total = total + super().__call__(pixels)
        return total / self.draws

    def verdict(self, pixels: Tensor) -> Tensor:
        """Likewise, without gradient, of the victim that decides on success."""
        total = super().verdict(pixels)
        for _ in range(self.draws - 1):
            total = total + super().verdict(pixels)
        return total / self.draws

    def select(self, rows: Tensor) -> AveragedVictim:
        """The victim of some of the samples."""
        return AveragedVictim(super().select(rows), self.draws)

    def without_logs(self) -> AveragedVictim:
        """The same victim, for a search whose answers nobody keeps."""
        return AveragedVictim(super().without_logs(), self.draws)

    def counted_apart(self) -> AveragedVictim:
        """The same samples with counters of their own."""
        return AveragedVictim(super().counted_apart(), self.draws)

    def clips(self) -> Sequence[Clip]:
        """The victim's clips, likewise."""
        found = []
        for clip in super().clips():
            assert isinstance(clip.victim, CountingVictim)
            found.append(Clip(AveragedVictim(clip.victim, self.draws), clip.frames))
        return found
