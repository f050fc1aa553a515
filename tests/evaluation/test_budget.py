"""Where the budget stands in an attack's config."""

import math

import pytest

from mmrobust.evaluation.budget import budget_path, check_budgets, with_budget
from mmrobust.registry import ATTACKS

MASKED = dict(type='FGSM', threat=dict(type='mmrobust.FrameMask', frames=[0]))


@pytest.mark.parametrize(
    ('attack', 'path'),
    [
        (dict(type='FGSM'), ('threat', 'eps')),
        (dict(type='FGSM', threat=dict(type='L2', eps=3)), ('threat', 'eps')),
        (MASKED, ('threat', 'threat', 'eps')),
    ],
)
def test_the_budget_reaches_the_ball(attack, path):
    before = repr(attack)
    assert budget_path(attack) == path
    assert ATTACKS.build(with_budget(attack, 5.5)).threat.eps == 5.5
    assert repr(attack) == before


def test_budgets_are_sorted():
    assert check_budgets([8, 0, 0.5]) == (0, 0.5, 8)
    assert check_budgets(2) == (2,)


@pytest.mark.parametrize('eps', [[], -3, None, [-1], [math.nan], [math.inf], ['2'], [1, 1.0]])
def test_odd_budgets_are_refused(eps):
    with pytest.raises(ValueError, match='eps must be'):
        check_budgets(eps)
