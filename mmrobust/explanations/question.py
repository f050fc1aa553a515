"""What is asked of a victim about one sample.

Shapes: S are the places of a sample, (T, H, W) of a video or (H, W) of a picture; C channels, B
versions of the sample, D outputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import torch
from torch import Tensor

from mmrobust.explanations.scores import Score
from mmrobust.functional.checks import require, whole
from mmrobust.victims.bound import BoundVictim


class Question:
    """One sample, the victim that is bound to it, and a score of the victim's outputs.

    What is taken away of the sample is replaced by its own mean colour, which needs no word from
    the network on how it normalises.

    Args:
        victim: Bound to the sample, in evaluation mode.
        pixels: (1, C, S), of any type; never written to.
        score: Of the outputs.
        batch: Versions of the sample that the victim is shown at once, at least 1.

    Attributes:
        pixels: (1, C, S), floating.
        baseline: (1, C, S), the mean colour.
    """

    def __init__(
        self, victim: BoundVictim, pixels: Tensor, score: Score, *, batch: int = 16
    ) -> None:
        shape = tuple(pixels.shape)
        require(len(shape) in (4, 5) and shape[0] == 1, 'pixels', 'one sample (1, C, S)', shape)
        require(whole(batch, 1), 'batch', 'a whole number, at least 1', batch)
        self.victim, self.score_of, self.batch = victim, score, batch
        floating = pixels.dtype.is_floating_point
        self.pixels = pixels.detach() if floating else pixels.detach().float()
        places = tuple(range(2, self.pixels.dim()))
        self.baseline = self.pixels.mean(dim=places, keepdim=True).expand_as(self.pixels)

    @property
    def shape(self) -> tuple[int, ...]:
        """S."""
        return tuple(self.pixels.shape[2:])

    def outputs(self, versions: Tensor) -> Tensor:
        """Outputs (B, D) for versions (B, C, S) of the sample; differentiable."""
        same = torch.zeros(len(versions), dtype=torch.long)
        return self.victim.select(same)(versions)

    def score(self, versions: Tensor) -> Tensor:
        """The raw score (B,) of versions (B, C, S); differentiable."""
        return self.score_of.raw(self.outputs(versions))

    def kept(self, keep: Tensor) -> Tensor:
        """Versions (B, C, S) of which masks (B, S), 0 to 1, keep a part."""
        part = keep[:, None].to(self.pixels)
        return self.baseline + part * (self.pixels - self.baseline)

    @torch.no_grad()
    def shares(self, keeps: Iterable[Tensor]) -> Tensor:
        """The share (B,) that is left of the score where masks (S) keep parts of the sample."""
        found = []
        for some in _batches(keeps, self.batch):
            found.append(self.score_of.share(self.outputs(self.kept(torch.stack(some)))))
        return torch.cat(found).double().cpu()


def _batches(items: Iterable[Tensor], size: int) -> Iterator[list[Tensor]]:
    left = iter(items)
    while some := list(islice(left, size)):
        yield some
