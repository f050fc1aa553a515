"""A victim that answers queries and shows nothing else.

Shapes: N samples, K classes; pixels (N, C, T, H, W), 0..255.
"""

from __future__ import annotations

import copy
import math
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn

from mmrobust.functional.checks import require, whole
from mmrobust.victims.bound import BoundVictim
from mmrobust.victims.counting import CountingVictim

Access = Literal['scores', 'label']
Scores = Literal['auto', 'logits', 'probabilities', 'log_probabilities']
# How far probabilities may be from a sum of one: half precision.
SLACK = 2e-3
# Minus the log-probability of a class that a label does not name.
NEVER = 100.0


class BudgetSpentError(RuntimeError):
    """A query past the budget; it was not run."""


@dataclass
class Account:
    """What all selections of a black box share.

    Attributes:
        spent: Queries so far, by sample.
        scores: What the victim's numbers are, once that is known.
        negative: Of the samples that were looked at, whether one of their first numbers is.
        seconds: Spent in the victim itself.
    """

    spent: Counter[int] = field(default_factory=Counter)
    scores: Scores = 'auto'
    negative: dict[int, bool] = field(default_factory=dict)
    seconds: float = 0.0


class BlackBox(BoundVictim):
    """Answers with log-probabilities, never with a gradient, and counts.

    A query past the budget of a sample raises before anything is run. The
    victim's own numbers may be logits, probabilities or log-probabilities; what
    comes out are log-probabilities always.

    Args:
        victim: Bound to N samples.
        budget: Queries per sample, >= 1; None for no limit.
        access: ``scores``, or ``label``: the predicted class alone, as
            log-probabilities 0 and a constant far below; NaN where an output is not finite.
            What the numbers are does not matter then, and is not guessed.
        scores: What the victim's numbers are; what is named here is checked. ``auto``
            decides by the first answer without infinity or NaN: numbers that are not
            negative and sum to one are probabilities, all others logits
            (log-probabilities are logits too). Percentages, or probabilities of some classes alone,
            are neither: make them probabilities first.

    Raises:
        ValueError: An option is out of range; numbers that are declared to be
            probabilities are none.
    """

    charges = True

    def __init__(
        self,
        victim: BoundVictim,
        *,
        budget: int | None = None,
        access: Access = 'scores',
        scores: Scores = 'auto',
    ) -> None:
        kind = type(victim).__name__
        rule = 'bound to samples, such as an mr.FunctionVictim'
        require(isinstance(victim, BoundVictim), 'victim', rule, kind)
        usable = budget is None or whole(budget, 1)
        require(usable, 'budget', 'a whole number >= 1', budget)
        require(access in ('scores', 'label'), 'access', 'scores or label', access)
        known = ('auto', 'logits', 'probabilities', 'log_probabilities')
        require(scores in known, 'scores', f'one of {", ".join(known)}', scores)
        self.victim, self.budget, self.access = victim, budget, access
        self.account = Account(scores=scores)
        self.detected = scores == 'auto'
        self.bounds, self.dtype, self.grid = victim.bounds, victim.dtype, victim.grid
        self.picture, self.settles = victim.picture, victim.settles
        self.rows: list[int] | None = None

    def __call__(self, pixels: Tensor) -> Tensor:
        """Log-probabilities (N, K), without a gradient, for one query per sample."""
        rows = range(len(pixels)) if self.rows is None else self.rows
        asked = Counter(rows)
        for row, times in asked.items():
            if times > self.left(row):
                raise BudgetSpentError(f'a query past the budget of {self.budget} was refused')
        self.account.spent.update(asked)
        began = time.perf_counter()
        with torch.no_grad():
            outputs = self.victim(pixels.detach()).detach()
        if outputs.is_cuda:
            torch.cuda.synchronize(outputs.device)
        self.account.seconds += time.perf_counter() - began
        self._look(outputs, rows)
        return self.shown(outputs)

    def settled(self, pixels: Tensor, clean: Tensor) -> Tensor:
        """As the victim says; no query."""
        return self.victim.settled(pixels, clean)

    @property
    def span(self) -> float:
        """As the victim says."""
        return self.victim.span

    def left(self, row: int) -> float:
        """Queries that sample ``row`` may still ask; infinite without a budget."""
        return math.inf if self.budget is None else self.budget - self.account.spent[row]

    @property
    def least_left(self) -> float:
        """Queries that each of the samples selected may still ask."""
        rows = self.account.spent if self.rows is None else self.rows
        full = math.inf if self.budget is None else self.budget
        return min((self.left(row) for row in rows), default=full)

    def replay(self, row: int, times: int) -> None:
        """Count queries of sample ``row`` whose answers an earlier run got.

        A black box behind this one counts them, too.
        """
        own = row if self.rows is None else self.rows[row]
        self.account.spent[own] += times
        inner = self.victim.victim if isinstance(self.victim, CountingVictim) else self.victim
        if isinstance(inner, BlackBox):
            inner.replay(row, times)

    def detect(self, outputs: Tensor) -> None:
        """Find out what the victim's numbers are from those of its clean samples (N, K).

        What is found does not depend then on which query comes first, or on whether
        answers are those of an earlier run.
        """
        self._look(outputs, range(len(outputs)))
        self.shown(outputs)

    def _look(self, outputs: Tensor, rows: Iterable[int]) -> None:
        known = self.account.negative
        for place, row in enumerate(rows):
            if row not in known and bool(outputs[place].isfinite().all()):
                known[row] = bool((outputs[place] < 0).any())

    def shown(self, outputs: Tensor) -> Tensor:
        """What is shown of the victim's outputs (N, K), as log-probabilities."""
        require(outputs.dim() == 2, 'victim outputs', 'scores (N, K)', tuple(outputs.shape))
        wide = outputs if outputs.dtype == torch.float64 else outputs.float()
        sound = wide[wide.isfinite().all(dim=1)]
        guess = self.account.scores == 'auto' and self.access == 'scores' and len(sound) > 0
        if guess:
            self.account.scores = 'probabilities' if are_probabilities(sound) else 'logits'
        kind = self.account.scores
        if kind in ('probabilities', 'log_probabilities') and len(sound):
            found = sound if kind == 'probabilities' else sound.exp()
            rule = f'not negative, with a sum of one (scores are {kind})'
            require(are_probabilities(found), 'victim outputs', rule, _extremes(found))
        if self.access == 'label':
            return labels_alone(outputs)
        if kind == 'probabilities':
            wide = wide.clamp(min=torch.finfo(wide.dtype).tiny).log()
        return wide.log_softmax(dim=1)

    def flags(self, row: int) -> set[str]:
        """What was found out about the numbers of sample ``row``, as flags.

        ``scores_unclear``: they were taken for logits, though none is negative. None
        where labels alone are shown.
        """
        if not self.detected or self.access == 'label':
            return set()
        if self.account.scores == 'probabilities':
            return {'probabilities_detected'}
        own = row if self.rows is None else self.rows[row]
        taken = self.account.scores == 'logits' and not self.account.negative.get(own, True)
        return {'scores_unclear'} if taken else set()

    def select(self, rows: Tensor) -> BlackBox:
        """Some of the samples, also several times; all count in one account."""
        twin = copy.copy(self)
        twin.victim = self.victim.select(rows)
        chosen = rows.tolist()
        twin.rows = chosen if self.rows is None else [self.rows[row] for row in chosen]
        return twin

    @property
    def model(self) -> nn.Module | None:
        """The network, for the harness to freeze."""
        return self.victim.model


def labels_alone(outputs: Tensor) -> Tensor:
    """Outputs (N, K) as 0 for the largest and a constant far below; NaN for one not finite."""
    best = torch.zeros_like(outputs, dtype=torch.float32)
    best.scatter_(1, outputs.argmax(1, keepdim=True), 1.0)
    known = outputs.isfinite().all(dim=1, keepdim=True)
    return torch.where(known, (best - 1) * NEVER, torch.nan)


def are_probabilities(outputs: Tensor) -> bool:
    """Whether every row (N, K) is a distribution, to within rounding."""
    sums = outputs.sum(dim=1)
    return bool((outputs >= 0).all() and ((sums - 1).abs() <= SLACK).all())


def _extremes(outputs: Tensor) -> str:
    outputs = outputs.detach()
    sums = outputs.sum(dim=1)
    spread = f'{float(sums.min()):.3g}..{float(sums.max()):.3g}'
    return f'a least value of {float(outputs.min()):.3g} and sums of {spread}'
