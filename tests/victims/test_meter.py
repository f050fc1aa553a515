"""Every use of a victim is counted, for the samples that used it."""

import pytest
import torch
from torch import nn

from mmrobust.victims import FunctionVictim, Metered
from mmrobust.victims.meter import Tally


def _metered(n=4, function=None):
    tally = Tally(n)
    victim = FunctionVictim(function or (lambda pixels: (pixels**2).flatten(1)))
    return Metered(victim, tally, torch.arange(n)), tally


def test_forwards_count_whether_or_not_they_can_be_differentiated():
    victim, tally = _metered()
    victim(torch.ones(4, 3))
    victim(torch.ones(4, 3, requires_grad=True))
    with torch.no_grad():
        victim(torch.ones(4, 3, requires_grad=True))
    assert tally.forwards.tolist() == [3, 3, 3, 3]
    assert tally.backwards.tolist() == [0, 0, 0, 0]


def test_gradients_count_each_time():
    victim, tally = _metered()
    pixels = torch.ones(4, 3, requires_grad=True)
    outputs = victim(pixels)
    for _ in range(2):
        torch.autograd.grad(outputs.sum(), pixels, retain_graph=True)
    outputs.sum().backward()
    assert tally.forwards.tolist() == [1, 1, 1, 1]
    assert tally.backwards.tolist() == [3, 3, 3, 3]


def test_counting_does_not_change_the_gradient():
    victim, _ = _metered()
    pixels = torch.randn(4, 3, requires_grad=True)
    (gradient,) = torch.autograd.grad(victim(pixels).sum(), pixels)
    torch.testing.assert_close(gradient, 2 * pixels.detach())


def test_selections_count_on_the_same_tally():
    victim, tally = _metered()
    some = victim.select(torch.tensor([3, 1, 2]))
    one = some.select(torch.tensor([0]))
    pixels = torch.ones(3, 2, requires_grad=True)
    torch.autograd.grad(some(pixels).sum(), pixels)
    one(torch.ones(1, 2))
    assert tally.forwards.tolist() == [0, 1, 1, 2]
    assert tally.backwards.tolist() == [0, 1, 1, 1]


def test_the_victim_inside_is_selected_too():
    class Bound(FunctionVictim):
        rows = torch.arange(4)

        def select(self, rows):
            bound = Bound(self.function)
            bound.rows = self.rows[rows]
            return bound

    victim = Metered(Bound(lambda pixels: pixels), Tally(4), torch.arange(4))
    some = victim.select(torch.tensor([3, 1])).select(torch.tensor([1]))
    assert some.victim.rows.tolist() == some.rows.tolist() == [1]


@pytest.mark.parametrize('n', [1, 3, 5])
def test_pixels_of_other_samples_are_refused(n):
    victim, tally = _metered()
    with pytest.raises(ValueError, match=f'pixels must hold the 4 samples.* got {n}'):
        victim(torch.ones(n, 3))
    assert not tally.forwards.any()


def test_flags_go_to_their_samples():
    victim, tally = _metered()
    victim.flag('zero_gradient', torch.tensor([True, False, False, True]))
    victim.select(torch.tensor([2, 3])).flag('not_finite', torch.tensor([False, True]))
    assert tally.flags == [{'zero_gradient'}, set(), set(), {'zero_gradient', 'not_finite'}]


def test_model_and_bounds_are_the_victims():
    class Narrow(FunctionVictim):
        bounds = (16.0, 235.0)

    net = nn.Identity()
    assert Metered(FunctionVictim(net), Tally(1), torch.arange(1)).model is net
    assert Metered(FunctionVictim(lambda x: x), Tally(1), torch.arange(1)).model is None
    assert Metered(Narrow(net), Tally(1), torch.arange(1)).bounds == (16.0, 235.0)
