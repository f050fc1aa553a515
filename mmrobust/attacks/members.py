"""What an ensemble of attacks is made of: its members, and which ones a preset names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, cast

from mmrobust.attacks.base import USUAL_GOAL, Attack
from mmrobust.functional.checks import require
from mmrobust.goals import BoundGoal, ClassGoal, Goal
from mmrobust.registry import ATTACKS
from mmrobust.threats import Threat

Preset = Literal['quick', 'standard', 'thorough']
PRESETS = ('quick', 'standard', 'thorough')
# A member as a config gives it: an attack's options, and a name and a loss beside them.
MemberConfig = Mapping[str, Any]

# What every preset begins with, with one loss or another.
FIRST: list[MemberConfig] = [{'type': 'APGD', 'steps': 20}]


@dataclass(frozen=True)
class Member:
    """An attack of an ensemble.

    Attributes:
        name: Under which it stands in ledger and report; it decides the member's random
            numbers, too, so that no other member changes them.
        attack: With the ensemble's threat and goal.
        loss: In place of the goal's; None: the goal's own.
    """

    name: str
    attack: Attack
    loss: str | None

    def describe(self) -> dict[str, Any]:
        """The options, as a config would give them, with every default."""
        options = self.attack.describe()
        own = {key: value for key, value in options.items() if key not in ('threat', 'goal')}
        return {'name': self.name, 'loss': self.loss} | own


def built(
    configs: Sequence[MemberConfig], threat: Threat, goal: Goal, where: str = 'members[{}]'
) -> list[Member]:
    """The members of configs.

    Args:
        configs: Of each.
        threat: Of all.
        goal: Likewise.
        where: What messages call the member of an index.

    Raises:
        ValueError: One cannot be built, does not suit threat or goal, or has the name of
            another; the message names it.
    """
    found: list[Member] = []
    for index, config in enumerate(configs):
        place = where.format(index)
        require(isinstance(config, Mapping), place, 'a dict of options', config)
        options = dict(config)
        require('type' in options, place, 'one with a type', options)
        loss = options.pop('loss', None)
        check_loss(loss, f'{place}.loss', goal)
        name = options.pop('name', None) or '-'.join(filter(None, (str(options['type']), loss)))
        own = [noun for noun in ('threat', 'goal') if noun in options]
        require(not own, place, "without threat and goal, which are the ensemble's", own)
        known = [member.name for member in found]
        require(name not in known, f'{place}.name', 'another than those before', name)
        try:
            attack = ATTACKS.build({**options, 'threat': threat, 'goal': goal})
        except ValueError as error:
            raise ValueError(f'{place} ({name}): {error}') from error
        found.append(Member(name, attack, loss))
    return found


def check_loss(loss: Any, where: str, goal: Goal) -> None:
    """Raise ValueError unless ``loss`` is None or one that the goal could have.

    Of a goal that is yet to be the victim's own nothing is known.
    """
    if loss is None:
        return
    require(isinstance(loss, str), where, 'the name of a loss', loss)
    if goal is USUAL_GOAL:
        return
    has_loss = any(field.name == 'loss' for field in fields(cast(Any, goal)))
    require(has_loss, where, f'left out for goal {type(goal).__name__}', loss)
    try:
        replace(cast(Any, goal), loss=loss)
    except ValueError as error:
        raise ValueError(f'{where}: {error}') from error


def within_budget(members: Sequence[Member], budget: int | None) -> list[Member]:
    """The first members that together cost no sample more than ``budget`` forwards and backwards.

    What each finds costs one more look.

    Raises:
        ValueError: Not even the first fits, or nobody can say what one costs.
    """
    if budget is None:
        return list(members)
    left, found = budget, list[Member]()
    for member in members:
        calls = member.attack.most_calls()
        rule = 'None with a member whose cost nobody can say'
        require(calls is not None, 'budget', rule, f'{budget} with {member.name}')
        assert calls is not None
        fits = calls + 1 <= left
        least = f'at least {calls + 1}, what {member.name} may take'
        require(fits or bool(found), 'budget', least, budget)
        if not fits:
            break
        left -= calls + 1
        found.append(member)
    return found


def preset_members(
    preset: Preset, goal: BoundGoal, *, queries: bool, norm: bool
) -> list[MemberConfig]:
    """The members of a preset, each of which begins with those of the one before it.

    Args:
        preset: Of ``PRESETS``.
        goal: Bound to the samples: what losses there are decides.
        queries: Whether a search by queries is possible.
        norm: Whether the threat's norm is one in which FAB-T knows the smallest change.
    """
    classes, aims = isinstance(goal.goal, ClassGoal), goal.knows_candidates
    losses: list[str | None] = [*goal.losses()[: 1 if classes else None]] or [None]
    found = [_apgd(loss, 20) for loss in losses[:2]]
    if classes and aims:
        found.append(_apgd_t(2, 20))
    # What it breaks, the others were too blind to.
    found.append({'type': 'RandomNoise', 'name': 'noise'})
    if preset != 'quick':
        found += [_apgd(loss, 100) for loss in losses]
    if preset != 'quick' and aims:
        found.append(_apgd_t(9 if classes else 3, 100))
    if preset != 'quick' and queries:
        found.append({'type': 'Square', 'name': 'square-500', 'budget': 500})
    if preset == 'thorough':
        found += [_apgd(loss, 100, restarts=4) for loss in losses]
    if preset == 'thorough' and classes and norm:
        found.append({'type': 'FAB', 'name': 'fab-t9-100', 'targets': 9, 'steps': 100})
    if preset == 'thorough' and aims and not classes:
        found.append(_apgd_t(8, 100))
    if preset == 'thorough' and queries:
        square = {'type': 'Square', 'name': 'square-5000', 'budget': 5000}
        found.append({**square, 'shape': 'frame'})
    return found


def _apgd(loss: str | None, steps: int, restarts: int = 1) -> MemberConfig:
    """APGD with one of the losses."""
    more = f'x{restarts}' if restarts > 1 else ''
    name = '-'.join(filter(None, ('apgd', loss, f'{steps}{more}')))
    return {'type': 'APGD', 'name': name, 'loss': loss, 'steps': steps, 'restarts': restarts}


def _apgd_t(targets: int, steps: int) -> MemberConfig:
    """APGD towards likely wrong answers."""
    name = f'apgd-t{targets}-{steps}'
    return {'type': 'APGDT', 'name': name, 'targets': targets, 'steps': steps}
