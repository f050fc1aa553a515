"""Square attack (Andriushchenko, Croce, Flammarion and Hein 2020), on clips."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from mmrobust.attacks.query_attack import QueryAttack
from mmrobust.functional.checks import finite, require
from mmrobust.query.state import QueryState, Search
from mmrobust.registry import ATTACKS

Shape = Literal['frame', 'tube']
# Rounds of 10,000 after which the squares' area is halved.
HALVINGS = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)
# With three channels, one square in eight repeats what it replaces.
DRAWS = 100


@ATTACKS.register_module()
@dataclass(kw_only=True, eq=False)
class Square(QueryAttack):
    """Random squares at the border of the threat; those that help are kept.

    Source: arXiv:1912.00049, algorithms 1 and 2 (l_inf). Starts from vertical
    stripes; each round gives one square of one frame (or one tube: the same
    square of all frames) the full budget with a random sign per channel. A square
    that changes nothing is drawn again, as in the authors' code.
    Official setting: l_inf, share 0.05 of the pixels at first, halved along the
    run, the margin as loss. Deviations: the schedule is stretched to the budget;
    in other balls than l_inf all pixels change by the same amount, where the
    paper has a second algorithm for l_2; of tracks of joints, which have no neighbours, the
    start is a sign for each joint and coordinate, and squares are runs of frames of one joint
    (a tube: all frames); with a mask, squares lie in the frames,
    rows and columns that may change; the sample leaves at its first success.

    Args:
        threat: What may be changed; default ``Linf(eps=8)``.
        goal: What counts as success; default the victim's own.
        share: Area of the first squares, share of what may change in a frame, 0 < share <= 1.
        shape: ``frame`` or ``tube``.
        budget: Queries per sample.
        query_batch: Candidates per call of the victim; changes the speed alone.
        scores: What the victim's numbers are: auto, logits, probabilities or
            log_probabilities.
    """

    example: ClassVar[dict[str, Any]] = {'budget': 36, 'shape': 'frame'}

    share: float = 0.05
    shape: Shape = 'tube'
    gradient_check: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        some = finite(self.share) and 0 < self.share <= 1
        require(some, 'share', 'above 0 and at most 1', self.share)
        require(self.shape in ('frame', 'tube'), 'shape', 'frame or tube', self.shape)
        super().__post_init__()

    def search(self, state: QueryState) -> Search:
        """Stripes, then squares."""
        signs = self._stripes(state)
        if (yield from state.accept(state.corner(signs))):
            return
        if torch.equal(state.rounded(state.corner(-signs)), state.found):
            return  # a budget below one step
        best, region = state.gain(), Region.of(state)
        for index in itertools.count():
            candidate = self._with_square(signs, self.side(index, region), region, state)
            whole = state.rounded(state.corner(candidate))
            answers = yield whole[None]
            gain = float(state.objective(answers)[0])
            if gain > best or bool(state.goal.success(answers)[0]):
                signs, best = candidate, gain
                if state.stand(whole, answers[0]):
                    return

    def side(self, index: int, region: Region) -> int:
        """Side of the squares in round ``index``, in pixels; of a track, length of the runs."""
        passed = index * 10_000 / self.budget
        share = self.share / 2 ** sum(passed > after for after in HALVINGS)
        area = share * region.height * region.width
        if not region.picture:
            return min(max(round(area * len(region.frames)), 1), len(region.frames))
        return min(max(round(math.sqrt(area)), 1), region.height, region.width)

    def _stripes(self, state: QueryState) -> Tensor:
        channels, frames, height, width = state.clean.shape
        size = (channels, frames if self.shape == 'frame' else 1, 1, width)
        size = size if state.picture else (channels, 1, height, width)
        return _signs(size, state).expand_as(state.clean).clone()

    def _with_square(self, signs: Tensor, side: int, region: Region, state: QueryState) -> Tensor:
        """The signs with another square, drawn until it changes some of them."""
        new = signs.clone()
        # Joints that follow one another by number are no neighbours.
        wide, long = (side, 1) if region.picture else (1, side)
        for _ in range(DRAWS):
            top = region.top + _below(region.height - wide + 1, state)
            left = region.left + _below(region.width - wide + 1, state)
            first = region.frames[_below(len(region.frames) - long + 1, state)]
            when = slice(first, first + long) if self.shape == 'frame' else slice(None)
            place = (slice(None), when, slice(top, top + wide), slice(left, left + wide))
            square = _signs((len(signs), 1, 1, 1), state).expand_as(signs[place])
            if ((square != signs[place]) & state.changeable[place].bool()).any():
                new[place] = square
                break
        return new


@dataclass(frozen=True)
class Region:
    """The frames that may change, and the rectangle round what may change in them."""

    frames: Sequence[int]
    top: int
    left: int
    height: int
    width: int
    picture: bool = True

    @classmethod
    def of(cls, state: QueryState) -> Region:
        """Of what ``state.corner`` changes."""
        changed = state.changeable.any(dim=0)
        frames, rows, columns = (
            changed.transpose(0, axis).flatten(1).any(dim=1).nonzero().squeeze(1).tolist()
            for axis in range(3)
        )
        height, width = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
        return cls(frames, rows[0], columns[0], height, width, state.picture)


def _below(end: int, state: QueryState) -> int:
    return int(torch.randint(end, (), generator=state.generator))


def _signs(size: tuple[int, ...], state: QueryState) -> Tensor:
    """Plus and minus ones."""
    bits = torch.randint(2, size, generator=state.generator)
    return (2 * bits - 1).to(state.clean)
