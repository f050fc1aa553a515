"""From a runner's model to a subject, and from a config to an attack that suits it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from mmrobust.attacks import Attack
from mmrobust.registry import ATTACKS, VICTIMS
from mmrobust.victims.subject import Subject

# By the package that a model's class, or one that it is derived from, comes from.
SUBJECTS = {'mmpose': 'PoseVictim'}


def build_subject(model: nn.Module, options: dict[str, Any] | None) -> Subject:
    """The model under test.

    Args:
        model: As the runner has built it.
        options: Of the subject; ``type`` where the model does not tell.

    Raises:
        ValueError: The model is none that can be attacked.
    """
    inner = getattr(model, 'module', model)
    origins = [cls.__module__.split('.')[0] for cls in type(inner).__mro__]
    kinds = [kind for package, kind in SUBJECTS.items() if package in origins]
    kind = kinds[0] if kinds else 'ActionVictim'
    found: Subject = VICTIMS.build({'type': kind, 'model': model} | (options or {}))
    return found


def build_attack(config: dict[str, Any], subject: Subject) -> Attack:
    """The attack, with the subject's own goal where the config names no type."""
    goal = config.get('goal') or {}
    goal = {'type': subject.goal, **goal} if isinstance(goal, Mapping) else goal
    found: Attack = ATTACKS.build({**config, 'goal': goal})
    return found
