"""A threat in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmrobust.visualization.formatting import number, real

Card = Mapping[str, Any]

NORMS = {
    'Linf': 'l_inf',
    'L2': 'l_2',
    'L1': 'l_1',
    'L0': 'l_0',
    'JointL2': 'l_2 of joints',
    'SmoothJoints': 'slow l_2 of joints',
    'FreeJoints': 'no budget for joints',
    'KeptBones': 'l_2 of joints, bones kept',
}


def threat_text(card: Card, *, with_budget: bool = True) -> str:
    """'l_inf, eps 4', with what else the attacker may do or lacks; '' if unknown.

    Args:
        card: Of a run.
        with_budget: Whether to say eps.
    """
    threat, ball = _threat(card), _ball(card)
    words = [NORMS.get(str(ball.get('type')), str(ball.get('type') or ''))]
    if ball.get('unit'):
        words[0] += f' of {ball["unit"]}s'
    if with_budget and ball.get('eps') is not None:
        words.append(f'eps {number(ball["eps"])}')
    if ball.get('limit') is not None:
        words.append(f'each value by at most {number(ball["limit"])}')
    if ball is not threat and threat.get('type'):
        words.append(str(threat['type']))
    if card.get('space') == 'view':
        words.append('each view on its own')
    if card.get('surrogate'):
        words.append('gradients of another model')
    return ', '.join(word for word in words if word)


def budget(card: Card) -> float | None:
    """The attack's eps; None if unknown."""
    return real(_ball(card).get('eps'))


def _threat(card: Card) -> Mapping[str, Any]:
    attack = card.get('attack')
    found = attack.get('threat') if isinstance(attack, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _ball(card: Card) -> Mapping[str, Any]:
    """The part of the threat that has the norm, inside of a mask."""
    threat = _threat(card)
    inner = threat.get('threat')
    return inner if isinstance(inner, Mapping) and inner else threat
