"""The worst that several attacks find together: an attack made of attacks.

Shapes: N samples, C channels, T frames, H, W pixels; values 0..255.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from mmrobust.attacks.base import Attack
from mmrobust.attacks.fab import FAB
from mmrobust.attacks.indicators import indicators
from mmrobust.attacks.members import (
    FIRST,
    PRESETS,
    Member,
    MemberConfig,
    Preset,
    built,
    preset_members,
    within_budget,
)
from mmrobust.attacks.query_attack import QueryAttack
from mmrobust.functional.checks import require, whole
from mmrobust.functional.randomness import SampleRandom
from mmrobust.goals import BoundGoal, ClassGoal
from mmrobust.query.black_box import BlackBox
from mmrobust.registry import ATTACKS
from mmrobust.threats.masks import ball_of
from mmrobust.victims.counting import CountingVictim


@ATTACKS.register_module()
@dataclass(kw_only=True, eq=False)
class WorstCase(Attack):
    """Attack after attack, each on the samples that all before it have left.

    A sample leaves as soon as it falls, rounded; one that never falls keeps the point of
    the largest objective. The members have the ensemble's threat and goal, and random
    streams of their own: which members there are, and in which order, changes nothing for
    any of them. There is nothing to tune. What is left is an upper bound of robust accuracy,
    tighter than that of any member.

    Presets, and what a sample that never falls costs in forwards and backwards (classes, ten
    or more; in l_1 four more for each run of APGD of four steps or more): ``quick`` 128, APGD
    with cross-entropy and towards two classes, 20 steps each, and noise; ``standard`` 2,650,
    besides these APGD with 100 steps, towards nine classes, and Square with 500 queries;
    ``thorough`` 10,279, besides these four restarts, FAB-T and Square with 5,000 queries on single
    frames.

    For poses of a top-down head with two losses: ``quick`` 85, APGD with the head's loss and with
    the margin of joints, 20 steps each, and noise; ``standard`` 1,298, besides these 100 steps of
    them and of the head's other loss, and APGD towards three likely wrong places of every joint;
    ``thorough`` 5,342, besides these four restarts, and eight places. Success by similarity has a
    loss more (1,500 and 6,353). Bottom-up heads and lifters, which know no such places: APGD with
    their losses, the first two for 20 steps and then all for 100; four restarts. For goals that
    know one loss alone: APGD with that.

    Source: the idea and most members are AutoAttack's (Croce and Hein 2020,
    arXiv:2003.01690). Deviations: success is decided on pixels rounded to 8 bits; FAB-T
    comes in ``thorough`` alone, and Square with fewer queries in ``standard``; fewer classes
    than ten have fewer targets.

    Args:
        threat: What may be changed; default ``Linf(eps=8)``.
        goal: What counts as success; default the victim's own.
        preset: ``quick``, ``standard`` or ``thorough``; each begins with the one before it.
        members: In place of a preset: options of attacks, without threat and goal, and
            beside them ``name`` and ``loss`` (in place of the goal's).
        budget: Forwards and backwards that a sample may cost, at least those of the first
            member; members that do not fit into it any more are left out. None: any number. A
            look at an iterate that succeeds before rounding, and not after (flag
            ``success_lost``), comes on top.
        checks: Find out of what no member broke whether it could have been broken at all
            (:func:`~mmrobust.attacks.indicators.indicators`). As other checks of the harness
            it is no part of the cost: at most 64 forwards and backwards, ``measures.checks``.
    """

    #: What tests build it with.
    example: ClassVar[dict[str, Any]] = {'preset': 'quick'}

    preset: Preset = 'standard'
    members: Sequence[MemberConfig] | None = None
    budget: int | None = None
    checks: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.preset in PRESETS, 'preset', f'one of {", ".join(PRESETS)}', self.preset)
        some = self.budget is None or whole(self.budget, 1)
        require(some, 'budget', 'None or a whole number >= 1', self.budget)
        require(isinstance(self.checks, bool), 'checks', 'True or False', self.checks)
        self._own: list[Member] | None = None
        if self.members is not None:
            listed = isinstance(self.members, list | tuple) and bool(self.members)
            require(listed, 'members', 'a list of at least one', self.members)
            self._own = built(self.members, self.threat, self.goal)
            within_budget(self._own, self.budget)
        elif self.budget is not None:
            # All presets begin with it.
            within_budget(built(FIRST, self.threat, self.goal), self.budget)

    def usual_name(self) -> str:
        """With its preset, as the bound depends on that."""
        return 'Worst case' if self.members is not None else f'Worst case ({self.preset})'

    def run(
        self, victim: CountingVictim, pixels: Tensor, goal: BoundGoal, rng: SampleRandom
    ) -> Tensor:
        """Member after member, for the samples that none before succeeded on."""
        best, left = pixels.clone(), torch.arange(len(pixels))
        tried: list[Member] = []
        closest = torch.full((len(pixels),), -torch.inf, dtype=torch.float64)
        chosen = self._chosen(victim, pixels, goal)
        members = within_budget(chosen, self.budget)
        for member in members:
            target, clean, aim = victim.select(left), pixels[left], goal.select(left)
            before = _spent(target)
            found = self._one(member, target, clean, aim, rng.select(left))
            outputs = target.verdict(found)
            value, done = aim.objective(outputs).double().cpu(), aim.success(outputs).cpu()
            better = done | (value > closest[left])
            best[left[better]] = found[better]
            closest[left] = torch.fmax(value, closest[left])
            _record(target, member.name, _spent(target) - before, done)
            _flag_order(target, member, tried, done)
            tried.append(member)
            left = left[~done]
            if not len(left):
                return best
        if len(members) < len(chosen):
            victim.select(left).flag('budget_ended', torch.ones(len(left), dtype=torch.bool))
        if self.checks:
            self._check(victim.select(left), pixels[left], goal.select(left), rng.select(left))
        return best

    def _check(
        self, victim: CountingVictim, clean: Tensor, goal: BoundGoal, rng: SampleRandom
    ) -> None:
        """Flag samples that no member broke where there are signs that none could have."""
        if victim.success_on is not None:
            # A victim that gives gradients for another one's sake says nothing of that.
            return
        apart = victim.counted_apart()
        signs = indicators(apart, clean, goal, self.threat, rng.fork('checks'))
        for name, mask in signs.items():
            victim.flag(name, mask)
        for row, calls in zip(victim.rows.tolist(), _spent(apart).tolist(), strict=True):
            victim.counters.measures[row]['checks'] = calls

    def _chosen(self, victim: CountingVictim, pixels: Tensor, goal: BoundGoal) -> list[Member]:
        """The members: those given, or those of the preset that suit goal and victim."""
        if self._own is not None:
            return self._own
        classes = isinstance(goal.goal, ClassGoal)
        # A search by queries has one victim, which it asks about frames of finite values.
        queries = victim.success_on is None and pixels.dim() in (4, 5)
        queries &= all(map(math.isfinite, victim.bounds))
        queries &= not isinstance(victim.victim, BlackBox)
        norm = isinstance(ball_of(self.threat), FAB.balls)
        skipped = self.preset != 'quick' and not queries
        skipped |= self.preset == 'thorough' and not norm
        if classes and skipped:
            victim.flag('members_skipped', torch.ones(len(pixels), dtype=torch.bool))
        configs = preset_members(self.preset, goal, queries=classes and queries, norm=norm)
        return built(configs, self.threat, goal.goal)

    def _one(
        self,
        member: Member,
        victim: CountingVictim,
        clean: Tensor,
        goal: BoundGoal,
        rng: SampleRandom,
    ) -> Tensor:
        """What a member finds (N, ...), rounded inside the threat."""
        try:
            aim = goal if member.loss is None else goal.with_loss(member.loss)
            # Answers are kept for one search from its first query on, not for one of several.
            asked = victim.without_logs() if isinstance(member.attack, QueryAttack) else victim
            found = member.attack.run(asked, clean.clone(), aim, rng.fork(member.name))
            saved = self._as_saved(found, clean, victim)
        except ValueError as error:
            raise ValueError(f'member {member.name}: {error}') from error
        # What it was told of its own result says nothing of the ensemble's; nor does a
        # member that could have gone on, where others did.
        for row in victim.rows.tolist():
            victim.counters.answers.pop(row, None)
            victim.counters.flags[row].discard('not_converged')
        return saved

    def describe(self) -> dict[str, Any]:
        """The options; members with all of theirs."""
        own = None if self._own is None else [member.describe() for member in self._own]
        return super().describe() | {'members': own}


def _spent(victim: CountingVictim) -> Tensor:
    """Calls of the samples so far (N,): forwards and backwards, and those of a judge."""
    counters = victim.counters
    spent = counters.forwards + counters.backwards
    # A search's queries are forwards, too; those of another victim are not.
    return (spent if victim.success_on is None else spent + counters.queries)[victim.rows]


def _flag_order(
    victim: CountingVictim, member: Member, before: Sequence[Member], done: Tensor
) -> None:
    """Flag what a weaker member broke after stronger ones had failed: they were misled."""
    gradients = [one for one in before if not isinstance(one.attack, QueryAttack)]
    if any(not one.attack.control for one in gradients):
        if member.attack.control:
            victim.flag('weaker_than_noise', done)
        elif isinstance(member.attack, QueryAttack):
            victim.flag('blackbox_beats_whitebox', done)


def _record(victim: CountingVictim, name: str, calls: Tensor, done: Tensor) -> None:
    """What a member cost each sample, and which of them it broke."""
    pairs = zip(victim.rows.tolist(), calls.tolist(), done.tolist(), strict=True)
    for row, cost, broken in pairs:
        victim.counters.measures[row][f'calls.{name}'] = cost
        if broken:
            victim.counters.notes[row]['broken_by'] = name
