"""One attack on the samples of a batch: a run has one such job, a transfer several.

Shapes: N samples of the batch, K outputs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mmrobust.attacks import Attack
from mmrobust.attacks.outcome import Outcome
from mmrobust.functional.randomness import sample_seed
from mmrobust.victims.base import Victim
from mmrobust.victims.bound import BoundVictim
from mmrobust.victims.counting import AnswerLog
from mmrobust.victims.samples import Loaded

# Another victim of the samples that one is bound to.
Rebind = Callable[[Any], BoundVictim]


def itself(bound: BoundVictim) -> BoundVictim:
    """The victim that the samples are bound to, as who says what succeeds."""
    return bound


@dataclass(frozen=True)
class AttackJob:
    """An attack, and which victims it asks.

    Attributes:
        attack: What crafts.
        gradients_from: Gives the gradients in the place of the victim that the samples are bound
            to; None: that one itself.
        success_on: Says what succeeds; None: who gives the gradients.
        name: Of the job in messages, such as ``pgd on i3d``; empty for a run's only one.
    """

    attack: Attack
    gradients_from: Rebind | None = None
    success_on: Rebind | None = None
    name: str = ''

    def craft(
        self,
        victim: Victim,
        loaded: Loaded,
        indices: Sequence[int],
        clean_outputs: Tensor,
        *,
        seed: int,
        rows: Collection[int],
        answer_log: Callable[[int], AnswerLog] | None = None,
    ) -> dict[int, tuple[Outcome, float]]:
        """Attack the batch, samples of one shape at a time.

        Args:
            victim: Whose layouts the samples have.
            loaded: The batch.
            indices: Of its good samples in the data set.
            clean_outputs: (N, K), of who says what succeeds.
            seed: Of the run; with a sample's index it decides its random numbers.
            rows: Which of the good samples to attack.
            answer_log: Index -> where a long run keeps a sample's answers.

        Returns:
            Row -> outcome, and seconds that the attack took.

        Raises:
            ValueError: The attack refuses a sample; the message names it.
        """
        labels = victim.labels(loaded.data)
        found: dict[int, tuple[Outcome, float]] = {}
        for alike, bound, pixels in victim.batches(loaded):
            began = time.perf_counter()
            keep = torch.tensor([i for i, row in enumerate(alike.tolist()) if row in rows])
            if not len(keep):
                continue
            if len(keep) < len(alike):
                bound, pixels = bound.select(keep), pixels[keep.to(pixels.device)]
                alike = alike[keep]
            chosen = alike.tolist()
            try:
                outcomes = self.attack(
                    bound if self.gradients_from is None else self.gradients_from(bound),
                    pixels,
                    labels[alike],
                    seeds=[sample_seed(seed, indices[row]) for row in chosen],
                    clean_outputs=clean_outputs[alike.to(clean_outputs.device)],
                    success_on=None if self.success_on is None else self.success_on(bound),
                    answer_logs=None
                    if answer_log is None
                    else [answer_log(indices[r]) for r in chosen],
                )
            except ValueError as error:
                raise ValueError(f'{error} ({self._place(error, loaded, chosen)})') from error
            except Exception as error:
                error.add_note(self._place(error, loaded, chosen))
                raise
            share = (time.perf_counter() - began) / max(1, sum(o.attacked for o in outcomes))
            pairs = zip(chosen, outcomes, strict=True)
            found.update((row, (o, share * o.attacked)) for row, o in pairs)
        return found

    def _place(self, error: Exception, loaded: Loaded, rows: Sequence[int]) -> str:
        """Which samples an attack has refused, or failed on, four of them at most."""
        bad = getattr(error, 'rows', range(len(rows)))
        names = ', '.join(loaded.names[rows[row]] for row in bad[:4])
        return f'{self.name}, attacking {names}' if self.name else f'attacking {names}'
