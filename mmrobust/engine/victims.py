"""From a runner's model to a victim, and from a config to an attack that suits it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from mmrobust.attacks import Attack
from mmrobust.attacks.query_attack import NEEDS, QueryAttack
from mmrobust.engine.attack_configs import attack_config
from mmrobust.goals import CorruptPose
from mmrobust.registry import ATTACKS, GOALS, VICTIMS, find
from mmrobust.victims.base import Victim

# By the name of a model's class, or one that it is derived from, else by their package.
VICTIM_KINDS = {
    # Takes frames, though it is a recogniser of skeletons.
    'PoseInput': 'ActionVictim',
    'BottomupPoseEstimator': 'BottomupVictim',
    'PoseLifter': 'LifterVictim',
    'RecognizerGCN': 'SkeletonVictim',
    'mmpose': 'PoseVictim',
}


def build_victim(model: nn.Module, options: dict[str, Any] | None, config: Any = None) -> Victim:
    """The model under test.

    Args:
        model: As the runner has built it.
        options: Of the victim; ``type`` where the model does not tell.
        config: Of the model and its test data, where there is one.

    Raises:
        ValueError: The model is none that can be attacked.
    """
    kind = find(VICTIMS, victim_kind(type(getattr(model, 'module', model)), config))
    named = kind.named(options or {})
    found: Victim = VICTIMS.build({'type': named, 'model': model} | (options or {}))
    return found


def victim_kind(model: type, config: Any = None) -> str:
    """The registered victim of a model's class, whatever its space.

    Args:
        model: The class.
        config: Of the model and its test data: a ``Recognizer3D`` may take videos, or heatmaps
            that the test pipeline draws of skeletons.
    """
    lineage = model.__mro__
    origins = {name for cls in lineage for name in (cls.__name__, cls.__module__.split('.')[0])}
    kinds = [kind for origin, kind in VICTIM_KINDS.items() if origin in origins]
    if kinds:
        return kinds[0]
    loader = None if config is None else config.get('test_dataloader')
    return 'SkeletonVictim' if _draws_joints(loader) else 'ActionVictim'


def _draws_joints(part: Any) -> bool:
    """Whether a pipeline in a part of a config draws heatmaps of joints."""
    if isinstance(part, Mapping):
        name = str(part.get('type')).rpartition('.')[2]
        return name == 'GeneratePoseTarget' or any(map(_draws_joints, part.values()))
    return isinstance(part, list | tuple) and any(map(_draws_joints, part))


def build_attack(config: dict[str, Any] | str, victim: Victim) -> Attack:
    """The attack, with the victim's own goal where the config names no type.

    Args:
        config: Of the attack, or its usual name.
        victim: The model that it is run on.

    Raises:
        ValueError: The goal speaks of something else than the victim; or the victim has a
            target pose, of which the goal makes no use.
    """
    config = attack_config(config)
    goal = config.get('goal') or {}
    goal = {'type': victim.goal, **goal} if isinstance(goal, Mapping) else goal
    found: Attack = ATTACKS.build({**config, 'goal': goal, **_threat(config, victim)})
    wanted, given = find(GOALS, victim.goal).speaks_of, type(found.goal).speaks_of
    # A goal that somebody else has written knows itself what it is for.
    if given is not None and wanted is not None and given != wanted:
        if isinstance(found, QueryAttack):
            raise ValueError(f'{type(found).__name__} {NEEDS}, got a pose estimator')
        kind = type(found.goal).__name__
        raise ValueError(
            f'attack.goal.type must be a goal of {wanted}, got {kind}, one of {given}; '
            f'{victim.goal} is one'
        )
    if getattr(victim, 'target', None) is not None and isinstance(found.goal, CorruptPose):
        raise ValueError('victim.target needs attack.goal.type=TargetPose, got CorruptPose')
    victim.check_attack(found)
    return found


def _threat(config: Mapping[str, Any], victim: Victim) -> dict[str, Any]:
    """The threat that suits the victim, where the config names no type of one."""
    given = config.get('threat')
    if victim.threat is None or not (given is None or isinstance(given, Mapping)):
        return {}
    if not given and find(ATTACKS, config['type']).free:
        return {}
    given = dict(given or {})
    return {} if 'type' in given else {'threat': {**victim.threat, **given}}
