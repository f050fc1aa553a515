"""Expectation over transformation (Athalye, Engstrom, Ilyas and Kwok 2018, arXiv:1707.07397).

Shapes: N samples, C channels, T frames, H, W pixels; values 0..255.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor

from mmrobust.attacks.base import Attack
from mmrobust.attacks.members import Member, MemberConfig, built
from mmrobust.attacks.query_attack import QueryAttack
from mmrobust.functional.checks import require, whole
from mmrobust.functional.randomness import SampleRandom
from mmrobust.goals import BoundGoal, Goal
from mmrobust.registry import ATTACKS
from mmrobust.victims.averaged import AveragedVictim
from mmrobust.victims.counting import CountingVictim


@ATTACKS.register_module()
@dataclass(kw_only=True, eq=False)
class EOT(Attack):
    """Another attack on the mean answer of a victim that draws at random.

    For victims with the flag ``random_outputs``: those that choose frames, noise or dropout
    anew in each forward. Every answer that the other attack sees is the mean of ``draws``, each
    of them a forward and a backward, whose graphs are kept together: memory grows with them.
    As one more draw decides on success, that is partly chance: ``measures.fooled_share`` is the
    share of ``draws`` that the result fools.

    Deviation: the outputs are averaged, where the paper averages losses.

    Args:
        threat: What may be changed; default ``Linf(eps=8)``.
        goal: What counts as success; default the victim's own.
        attack: Options of the other attack, without threat and goal; ``loss`` in place of the
            goal's.
        draws: Answers that are averaged, >= 1.
    """

    #: What tests build it with.
    example: ClassVar[dict[str, Any]] = {'draws': 2, 'attack': {'type': 'PGD'}}

    attack: MemberConfig = field(default_factory=lambda: {'type': 'APGD'})
    draws: int = 20

    def __post_init__(self) -> None:
        super().__post_init__()
        require(whole(self.draws, 1), 'draws', 'a whole number >= 1', self.draws)
        require(isinstance(self.attack, Mapping), 'attack', 'a dict of options', self.attack)
        self._member: Member = built([self.attack], self.threat, self.goal, 'attack')[0]
        other = self._member.attack
        gradients = not isinstance(other, QueryAttack | EOT)
        require(gradients, 'attack', 'one that takes gradients itself', type(other).__name__)

    def check_goal(self, goal: Goal) -> None:
        """What the other attack can go after."""
        self._member.attack.check_goal(goal)

    def usual_name(self) -> str:
        """With that of the other attack."""
        return f'EOT-{self._member.attack.usual_name()}'

    def run(
        self, victim: CountingVictim, pixels: Tensor, goal: BoundGoal, rng: SampleRandom
    ) -> Tensor:
        """The other attack, and how many draws its result fools."""
        member, averaged = self._member, AveragedVictim(victim, self.draws)
        aim = goal if member.loss is None else goal.with_loss(member.loss)
        found = self._as_saved(member.attack.run(averaged, pixels, aim, rng), pixels, victim)
        fooled = torch.zeros(len(pixels))
        for _ in range(self.draws):
            fooled += goal.success(victim.verdict(found)).cpu()
        for row, share in zip(victim.rows.tolist(), (fooled / self.draws).tolist(), strict=True):
            victim.counters.measures[row]['fooled_share'] = share
        return found

    def describe(self) -> dict[str, Any]:
        """The options; the other attack with all of its own."""
        member = self._member.describe()
        own = {key: value for key, value in member.items() if key != 'name'}
        return super().describe() | {'attack': own}
