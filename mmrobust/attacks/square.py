"""Square attack (Andriushchenko, Croce, Flammarion and Hein 2020), on clips."""

from __future__ import annotations

import itertools
import math
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from mmrobust.attacks.query_attack import QueryAttack
from mmrobust.functional.checks import require
from mmrobust.goals import Goal
from mmrobust.query.black_box import Scores
from mmrobust.query.trial import Search, Trial
from mmrobust.registry import ATTACKS
from mmrobust.threats import Threat

Shape = Literal['frame', 'tube']
# Rounds of 10,000 after which the squares' area is halved.
HALVINGS = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)


@ATTACKS.register_module()
class Square(QueryAttack):
    """Random squares at the border of the threat; those that help are kept.

    Source: arXiv:1912.00049, algorithms 1 and 2 (l_inf). Starts from vertical
    stripes; each round gives one square of one frame (or one tube: the same
    square of all frames) the full budget with a random sign per channel.
    Official setting: l_inf, share 0.05 of the pixels at first, halved along the
    run, the margin as loss. Deviations: the schedule is stretched to the budget;
    in other balls than l_inf all pixels change by the same amount, where the
    paper has a second algorithm for l_2; the sample leaves at its first success.

    Args:
        threat: What may be changed; default ``Linf(eps=8)``.
        goal: What counts as success; default ``Misclassify()``.
        share: Area of the first squares, share of a frame, 0 < share <= 1.
        shape: ``frame`` or ``tube``.
        budget: Queries per sample.
        query_batch: Candidates per call of the victim; changes the speed alone.
        scores: What the victim's numbers are: auto, logits, probabilities or
            log_probabilities.
    """

    example: ClassVar[dict[str, Any]] = {'budget': 36, 'shape': 'frame'}

    def __init__(
        self,
        threat: Threat | None = None,
        goal: Goal | None = None,
        *,
        share: float = 0.05,
        shape: Shape = 'tube',
        budget: int = 60_000,
        query_batch: int = 32,
        scores: Scores = 'auto',
    ) -> None:
        require(0 < share <= 1, 'share', 'above 0 and at most 1', share)
        require(shape in ('frame', 'tube'), 'shape', 'frame or tube', shape)
        self.share, self.shape = share, shape
        super().__init__(threat, goal, budget=budget, query_batch=query_batch, scores=scores)

    def search(self, trial: Trial) -> Search:
        """Stripes, then squares."""
        signs = self._stripes(trial)
        if (yield from trial.accept(trial.corner(signs))):
            return
        best = trial.gain()
        for index in itertools.count():
            candidate = self._with_square(signs, self.side(index, trial), trial)
            whole = trial.rounded(trial.corner(candidate))
            answers = yield whole[None]
            gain = float(trial.objective(answers)[0])
            if gain > best or bool(trial.goal.success(answers)[0]):
                signs, best = candidate, gain
                if trial.stand(whole, answers[0]):
                    return

    def side(self, index: int, trial: Trial) -> int:
        """Side of the squares, in pixels, in round ``index``."""
        passed = index * 10_000 / self.budget
        share = self.share / 2 ** sum(passed > after for after in HALVINGS)
        height, width = trial.clean.shape[2:]
        return min(max(round(math.sqrt(share * height * width)), 1), height, width)

    def _stripes(self, trial: Trial) -> Tensor:
        channels, frames, _, width = trial.clean.shape
        size = (channels, frames if self.shape == 'frame' else 1, 1, width)
        return _signs(size, trial).expand_as(trial.clean).clone()

    def _with_square(self, signs: Tensor, side: int, trial: Trial) -> Tensor:
        channels, frames, height, width = signs.shape
        top = int(torch.randint(height - side + 1, (), generator=trial.generator))
        left = int(torch.randint(width - side + 1, (), generator=trial.generator))
        when = slice(None)
        if self.shape == 'frame':
            frame = int(torch.randint(frames, (), generator=trial.generator))
            when = slice(frame, frame + 1)
        signs = signs.clone()
        square = signs[:, when, top : top + side, left : left + side]
        square.copy_(_signs((channels, 1, 1, 1), trial).expand_as(square))
        return signs


def _signs(size: tuple[int, ...], trial: Trial) -> Tensor:
    """Plus and minus ones."""
    bits = torch.randint(2, size, generator=trial.generator)
    return (2 * bits - 1).to(trial.clean)
