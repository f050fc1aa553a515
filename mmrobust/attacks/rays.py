"""RayS (Chen and Gu 2020): the direction in which the border is nearest, from labels alone."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor

from mmrobust.attacks.query_attack import QueryAttack
from mmrobust.functional.halvings import flipped, halvings
from mmrobust.functional.norms import l2_norm
from mmrobust.query.black_box import Access
from mmrobust.query.state import QueryState, Search
from mmrobust.registry import ATTACKS

# How well a distance is known: a share of the range, as a Euclidean length.
TOLERANCE = 1e-3
# A part of a search: asks as the whole does, and returns a distance.
Measuring = Generator[Tensor, Tensor, float]


@ATTACKS.register_module()
@dataclass(kw_only=True, eq=False)
class RayS(QueryAttack):
    """Flips signs of a direction while that brings the border of the class nearer.

    Source: arXiv:2006.12792, section 3. Of the victim it sees the predicted class
    alone. Along a direction of plus and minus ones the distance to the border is found by
    halving; a stretch of the signs is flipped, and stays so where the border is nearer. Most
    flips cost one query: does the clip as far away as the border was still succeed?
    Stretches are the whole clip, its halves, its quarters and so on down to single values
    (order C, T, H, W; of a masked clip those values that may change).
    Official setting: l_inf, 10,000 queries, eps of 0.031 (CIFAR-10) or 0.05 (ImageNet) of the
    range, distances known to a Euclidean length of 0.001 of the range, stops once the border is
    inside the budget.
    Deviations: the direction of all ones is measured, too; as long as no border was met,
    distances double; before a distance is halved, the clip with the whole budget along the
    direction is asked about, and where a border lies inside the budget, the clip there, both
    rounded to whole grey levels: success is that of one of them. After single values the whole
    comes again, until nothing helped from the whole to single values. In other balls than l_inf
    all pixels that change do so by the same amount; such a clip of a small l_2 budget may be
    shorter than the budget once it is rounded.

    On its way it asks about clips far outside the threat, up to black and white ones, and about
    fractions of grey levels. Untargeted attacks are what it is made for: towards a class, it has
    to meet that one along its directions before there is a distance that could shrink.
    A sample that resists has the measure ``border_distance``: how near the border came, in the
    threat's norm, if one was met.

    Args:
        threat: What may be changed; default ``Linf(eps=8)``.
        goal: What counts as success; default the victim's own. Its loss is not read.
        budget: Queries per sample.
        query_batch: Candidates per call of the victim; changes the speed alone.
        scores: What the victim's numbers are: auto, logits, probabilities or
            log_probabilities. What is named is checked; the search sees the class alone.
    """

    access: ClassVar[Access] = 'label'
    thorough: ClassVar[dict[str, Any]] = {'budget': 3000}

    budget: int = 10_000
    gradient_check: int = field(default=0, init=False)

    def search(self, state: QueryState) -> Search:
        """All ones, then flips."""
        signs = torch.ones_like(state.clean)
        places = state.changeable.flatten().nonzero().squeeze(1)
        if torch.equal(state.rounded(state.corner(signs)), state.rounded(state.corner(-signs))):
            return  # a budget below one step
        nearest = yield from _distance(state, signs, math.inf)
        before = math.nan
        while nearest not in (0, before):
            before = nearest
            for stretch in halvings(len(places)):
                candidate = flipped(signs, places[stretch])
                found = yield from _distance(state, candidate, nearest)
                if found < nearest:
                    signs, nearest = candidate, found
                if nearest == 0:
                    return


def _distance(state: QueryState, signs: Tensor, known: float) -> Measuring:
    """To the border along ``signs``, or ``known`` if that is no less; 0 where all is done.

    Distances are in the threat's norm. Infinite: no border was met.
    """
    step = state.steepest(signs * state.changeable)
    if known < math.inf and not (yield from _reaches(state, _along(state, step, known))):
        return known
    if (yield from _ends(state, state.corner(signs))):
        return 0
    near, far = 0.0, known
    if known == math.inf:
        far = yield from _first_met(state, step)
        near = far / 2 if far > 2 * state.threat.eps else 0.0
    least = TOLERANCE * state.width / float(l2_norm(step[None]))
    while least < far - near < math.inf:
        middle = (near + far) / 2
        if (yield from _reaches(state, _along(state, step, middle))):
            far = middle
        else:
            near = middle
    if far < min(known, state.threat.eps):
        # Half a step of the grid more, so that rounding does not take it back.
        beyond = min(far + 0.5 * state.grid / float(step.abs().max()), state.threat.eps)
        if (yield from _ends(state, _along(state, step, beyond))):
            return 0
    if far < min(known, math.inf):
        state.measures['border_distance'] = far
    return far


def _first_met(state: QueryState, step: Tensor) -> Measuring:
    """Twice the budget, four times, ... until the goal is reached, or nothing changes."""
    distance, before = 2 * state.threat.eps, state.clean
    # Where there are no ends, all that is sensible: as far off as the range is wide.
    ends = all(map(math.isfinite, state.bounds))
    most = math.inf if ends else state.width / float(step.abs().max())
    while distance <= most and not torch.equal(clip := _along(state, step, distance), before):
        if (yield from _reaches(state, clip)):
            return distance
        distance, before = 2 * distance, clip
    return math.inf


def _along(state: QueryState, step: Tensor, distance: float) -> Tensor:
    """The clip (C, T, H, W) so far along ``step``; perhaps outside the threat, not rounded."""
    return state.inside(state.clean + distance * step, distance)


def _reaches(state: QueryState, clip: Tensor) -> Generator[Tensor, Tensor, bool]:
    """Whether ``clip`` reaches the goal. One query."""
    answers = yield clip[None]
    return state.reaches(answers[0])


def _ends(state: QueryState, clip: Tensor) -> Generator[Tensor, Tensor, bool]:
    """Stand at ``clip``, rounded and inside the threat; whether it succeeds. One query."""
    done = yield from state.accept(clip)
    assert state.answer is not None
    state.reaches(state.answer)
    if done:
        state.measures.pop('border_distance', None)
    return done
