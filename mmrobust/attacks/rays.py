"""RayS (Chen and Gu 2020): the direction in which the border is nearest, from labels alone."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any, ClassVar

import torch
from torch import Tensor

from mmrobust.attacks.query_attack import QueryAttack
from mmrobust.functional.halvings import halvings
from mmrobust.goals import Goal
from mmrobust.query.black_box import Access
from mmrobust.query.trial import Search, Trial
from mmrobust.registry import ATTACKS
from mmrobust.threats import Threat

# How well a distance is known: a share of the range, as a Euclidean length.
TOLERANCE = 1e-3
# A part of a search: asks as the whole does, and returns a distance.
Measuring = Generator[Tensor, Tensor, float]


@ATTACKS.register_module()
class RayS(QueryAttack):
    """Flips signs of a direction while that brings the border of the class nearer.

    Source: arXiv:2006.12792, section 3. Of the victim it sees the predicted class
    alone. Along a direction of plus and minus ones the distance to the border is found by
    halving; a stretch of the signs is flipped, and stays so where the border is nearer. Most
    flips cost one query: does the clip as far away as the border was still succeed?
    Stretches are the whole clip, its halves, its quarters and so on down to single values
    (order C, T, H, W; of a masked clip those values that may change), then again.
    Official setting: l_inf, 10,000 queries, eps of 0.031 (CIFAR-10) or 0.05 (ImageNet) of the
    range, distances known to a Euclidean length of 0.001 of the range, stops once the border is
    inside the budget.
    Deviations: before a distance is halved, the clip with the whole budget along the direction
    is asked about, rounded to whole grey levels: success is that clip's, and the search ends
    with the last of them; as long as no border was met, distances double; in other balls than
    l_inf all pixels change by the same amount.

    Untargeted attacks are what it is made for: towards a class, it has to meet one along
    its directions before there is a distance that could shrink.

    Args:
        threat: What may be changed; default ``Linf(eps=8)``.
        goal: What counts as success; default ``Misclassify()``. Its loss is not read.
        budget: Queries per sample.
        query_batch: Candidates per call of the victim; changes the speed alone.
    """

    access: ClassVar[Access] = 'label'
    thorough: ClassVar[dict[str, Any]] = {'budget': 3000}

    def __init__(
        self,
        threat: Threat | None = None,
        goal: Goal | None = None,
        *,
        budget: int = 10_000,
        query_batch: int = 32,
    ) -> None:
        super().__init__(threat, goal, budget=budget, query_batch=query_batch)

    def search(self, trial: Trial) -> Search:
        """All ones, then flips."""
        signs = torch.ones_like(trial.clean)
        places = trial.changeable.flatten().nonzero().squeeze(1)
        if torch.equal(trial.rounded(trial.corner(signs)), trial.rounded(trial.corner(-signs))):
            return  # a budget below one grey level
        distance = yield from self._distance(trial, signs, math.inf)
        while distance > 0:
            for stretch in halvings(len(places)):
                candidate = signs.clone()
                candidate.view(-1)[places[stretch]] *= -1
                found = yield from self._distance(trial, candidate, distance)
                if found < distance:
                    signs, distance = candidate, found
                if distance == 0:
                    return

    def _distance(self, trial: Trial, signs: Tensor, known: float) -> Measuring:
        """To the border along ``signs``, or ``known`` if no less; 0 where the goal is reached.

        Distances are in the threat's norm. Infinite: no border was met.
        """
        step = trial.steepest(signs * trial.changeable)
        if known < math.inf and not (yield from asked(trial, at(trial, step, known))):
            return known
        corner = trial.rounded(trial.corner(signs))
        answers = yield corner[None]
        trial.objective(answers)
        if trial.stand(corner, answers[0]):
            return 0
        # Not the corner's own distance: where rounding turns it, it is not on the way.
        near, far = 0.0, known
        if known == math.inf:
            far = yield from first(trial, step)
            near = far / 2
        least = TOLERANCE * (trial.bounds[1] - trial.bounds[0]) / float(step.norm())
        while least < far - near < math.inf:
            middle = (near + far) / 2
            if (yield from asked(trial, at(trial, step, middle))):
                far = middle
            else:
                near = middle
        return far


def first(trial: Trial, step: Tensor) -> Measuring:
    """Twice the budget, four times, ... until the goal is reached, or nothing changes."""
    distance, before = 2 * trial.threat.eps, trial.clean
    while not torch.equal(clip := at(trial, step, distance), before):
        if (yield from asked(trial, clip)):
            return distance
        distance, before = 2 * distance, clip
    return math.inf


def at(trial: Trial, step: Tensor, distance: float) -> Tensor:
    """The clip (C, T, H, W) so far along ``step``; of another threat, and not rounded."""
    return trial.inside(trial.clean + distance * step, distance)


def asked(trial: Trial, clip: Tensor) -> Generator[Tensor, Tensor, bool]:
    """Whether ``clip`` reaches the goal. One query."""
    answers = yield clip[None]
    trial.objective(answers)
    return bool(trial.goal.success(answers)[0])
