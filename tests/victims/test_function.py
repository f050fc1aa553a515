"""A function as a victim: what kind of input it takes."""

import pytest
import torch

from mmrobust.attacks.fgsm import FGSM
from mmrobust.attacks.pgd import PGD
from mmrobust.threats import L2, Linf
from mmrobust.victims import FunctionVictim
from mmrobust.victims.counting import Counters, CountingVictim

FLOATS = {'bounds': (-1.0, 1.0), 'dtype': torch.float32}
LABELS = torch.zeros(4, dtype=torch.long)


def _given():
    generator = torch.Generator().manual_seed(0)
    return 2 * torch.rand(4, 3, 2, 5, 6, generator=generator) - 1


def _scores(pixels):
    weights = torch.randn(180, 2, generator=torch.Generator().manual_seed(1))
    return pixels.flatten(1) @ weights + torch.tensor([1e3, 0.0])


@pytest.mark.parametrize(
    ('options', 'step'), [({}, 1.0), (FLOATS, None), (FLOATS | {'grid': 0.25}, 0.25)]
)
def test_the_least_step_of_a_value(options, step):
    victim = FunctionVictim(_scores, **options)
    assert victim.grid_step == step
    metered = CountingVictim(victim, Counters(4), torch.arange(4))
    assert (metered.grid_step, metered.bounds, metered.dtype) == (step, victim.bounds, victim.dtype)


@pytest.mark.parametrize('threat', [Linf(0.1), L2(1.0)], ids=['linf', 'l2'])
def test_results_lie_on_the_grid_of_the_victim(threat):
    given, grid = _given(), 0.03
    off = {}
    for step in (grid, None):
        victim = FunctionVictim(_scores, **FLOATS, grid=step)
        outcomes = PGD(threat)(victim, given, LABELS)
        found = torch.stack([outcome.adversarial for outcome in outcomes])
        assert all(outcome.linf > 0 for outcome in outcomes)
        assert float(found.abs().max()) <= 1
        steps = (found - given) / grid
        off[step] = float((steps - steps.round()).abs()[found.abs() < 1].max())
    assert off[grid] < 1e-4
    assert off[None] > 0.01


@pytest.mark.parametrize('eps', [1e-2, 1e-3, 1e-4])
def test_a_small_budget_is_no_breach_where_values_round(eps):
    outcomes = FGSM(Linf(eps))(FunctionVictim(_scores, **FLOATS), _given(), LABELS)
    for outcome in outcomes:
        assert outcome.linf == pytest.approx(eps, abs=1e-7)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'bounds': (1.0, 1.0)}, 'bounds must be a least and a larger value'),
        ({'dtype': torch.int32}, 'dtype must be uint8 or a floating type, got torch.int32'),
        ({'grid': 0.5}, 'grid must be None for uint8'),
        (FLOATS | {'grid': 0}, 'grid must be None or a finite number > 0, got 0'),
        (FLOATS | {'grid': True}, 'grid must be None or a finite number > 0, got True'),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        FunctionVictim(_scores, **options)
