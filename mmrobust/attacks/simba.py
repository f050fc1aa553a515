"""SimBA (Guo, Gardner, You, Wilson and Weinberger 2019): one basis vector at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from mmrobust.attacks.query_attack import QueryAttack
from mmrobust.attacks.steps import StepUnit, check_step, step_length
from mmrobust.functional.checks import finite, require
from mmrobust.functional.cosine_basis import cosine_vector, wave_of_one
from mmrobust.query.state import QueryState, Search
from mmrobust.registry import ATTACKS

Basis = Literal['pixel', 'dct']


@ATTACKS.register_module()
@dataclass(kw_only=True, eq=False)
class SimBA(QueryAttack):
    """A step along a random basis vector, or against it, if the objective grows.

    Source: arXiv:1905.07121, algorithm 1. Vectors come in random order and not
    again before all were tried. Official setting: the probability of the class
    as loss, no projection; pixels, or the lowest 1/8 of the frequencies per
    axis. Deviations: the cosine basis is one of space and time, of tracks of joints one of time,
    for each coordinate of each joint; steps are
    projected onto the threat; an iterate that succeeds is asked once more
    rounded to whole grey levels.

    Args:
        threat: What may be changed; default ``Linf(eps=8)``.
        goal: What counts as success; default the victim's own.
        basis: ``pixel`` (single values) or ``dct`` (cosines of one channel).
        frequencies: Share of the frequencies per axis that ``dct`` uses, 0..1.
        step_size: Length of a step in the threat's norm, > 0.
        step_unit: ``eps`` (a share of the budget) or ``pixel`` (grey levels).
        budget: Queries per sample, >= 3.
        query_batch: Candidates per call of the victim; changes the speed alone.
        scores: What the victim's numbers are: auto, logits, probabilities or
            log_probabilities.
    """

    example: ClassVar[dict[str, Any]] = {
        'budget': 36,
        'frequencies': 1.0,
        'step_size': 3.0,
        'step_unit': 'pixel',
    }

    basis: Basis = 'dct'
    frequencies: float = 0.125
    step_size: float = 0.5
    step_unit: StepUnit = 'eps'
    gradient_check: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        require(self.basis in ('pixel', 'dct'), 'basis', 'pixel or dct', self.basis)
        some = finite(self.frequencies) and 0 < self.frequencies <= 1
        require(some, 'frequencies', 'above 0 and at most 1', self.frequencies)
        check_step(self.step_size, self.step_unit)
        super().__post_init__()

    def usual_name(self) -> str:
        """SimBA, or SimBA-DCT."""
        return 'SimBA-DCT' if self.basis == 'dct' else 'SimBA'

    @property
    def round_cost(self) -> int:
        """The clean clip, one way and the other."""
        return 3

    def search(self, state: QueryState) -> Search:
        """The clean clip's objective, then vector after vector."""
        x = state.clean
        answers = yield x[None]
        state.clean_answer = answers[0]
        best = float(state.objective(answers)[0])
        tried = True
        while tried:
            tried = False
            for vector in self._vectors(state):
                for direction in (vector, -vector):
                    candidate = state.inside(x + direction)
                    if torch.equal(candidate, x):
                        continue
                    tried = True
                    answers = yield candidate[None]
                    gain = float(state.objective(answers)[0])
                    won = bool(state.goal.success(answers)[0])
                    if gain > best or won:
                        x, best = candidate, gain
                        state.move(x)
                        if won and (yield from state.accept(x)):
                            return
                        break

    def _vectors(self, state: QueryState) -> Iterator[Tensor]:
        """Steps (C, T, H, W) along the basis, each vector once, in random order."""
        sides, allowed = state.clean.shape, state.allowed
        if self.basis == 'dct':
            low = [max(1, round(self.frequencies * side)) for side in sides[1:]]
            # Joints and persons have no frequencies: a wave goes through the frames of one.
            low = low if state.picture else [low[0], *sides[2:]]
            sides = torch.Size([sides[0], *low])
        length = step_length(self.step_size, self.step_unit, state.threat)
        for flat in torch.randperm(sides.numel(), generator=state.generator):
            index = [int(i) for i in torch.unravel_index(flat, sides)]
            if self.basis == 'dct' and state.picture:
                vector = cosine_vector(index[1:], index[0], state.clean) * allowed
            elif self.basis == 'dct':
                vector = wave_of_one(index, state.clean) * allowed
            else:
                vector = torch.zeros_like(state.clean)
                vector[tuple(index)] = allowed[tuple(index)]
            size = state.threat.distance((state.clean + vector)[None], state.clean[None])
            if size > 0:
                yield vector * (length / size)
