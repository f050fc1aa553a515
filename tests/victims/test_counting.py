"""Every use of a victim is counted, for the samples that used it."""

import pytest
import torch
from torch import nn

from mmrobust.victims import CountingVictim, FunctionVictim
from mmrobust.victims.counting import Counters


def _counting(n=4, function=None):
    counters = Counters(n)
    victim = FunctionVictim(function or (lambda pixels: (pixels**2).flatten(1)))
    return CountingVictim(victim, counters, torch.arange(n)), counters


def test_forwards_count_whether_or_not_they_can_be_differentiated():
    victim, counters = _counting()
    victim(torch.ones(4, 3))
    victim(torch.ones(4, 3, requires_grad=True))
    with torch.no_grad():
        victim(torch.ones(4, 3, requires_grad=True))
    assert counters.forwards.tolist() == [3, 3, 3, 3]
    assert counters.backwards.tolist() == [0, 0, 0, 0]


def test_gradients_count_each_time():
    victim, counters = _counting()
    pixels = torch.ones(4, 3, requires_grad=True)
    outputs = victim(pixels)
    for _ in range(2):
        torch.autograd.grad(outputs.sum(), pixels, retain_graph=True)
    outputs.sum().backward()
    assert counters.forwards.tolist() == [1, 1, 1, 1]
    assert counters.backwards.tolist() == [3, 3, 3, 3]


def test_counting_does_not_change_the_gradient():
    victim, _ = _counting()
    pixels = torch.randn(4, 3, requires_grad=True)
    (gradient,) = torch.autograd.grad(victim(pixels).sum(), pixels)
    torch.testing.assert_close(gradient, 2 * pixels.detach())


def test_selections_count_on_the_same_tally():
    victim, counters = _counting()
    some = victim.select(torch.tensor([3, 1, 2]))
    one = some.select(torch.tensor([0]))
    pixels = torch.ones(3, 2, requires_grad=True)
    torch.autograd.grad(some(pixels).sum(), pixels)
    one(torch.ones(1, 2))
    assert counters.forwards.tolist() == [0, 1, 1, 2]
    assert counters.backwards.tolist() == [0, 1, 1, 1]


def test_the_victim_inside_is_selected_too():
    class Bound(FunctionVictim):
        rows = torch.arange(4)

        def select(self, rows):
            bound = Bound(self.function)
            bound.rows = self.rows[rows]
            return bound

    victim = CountingVictim(Bound(lambda pixels: pixels), Counters(4), torch.arange(4))
    some = victim.select(torch.tensor([3, 1])).select(torch.tensor([1]))
    assert some.victim.rows.tolist() == some.rows.tolist() == [1]


@pytest.mark.parametrize('n', [1, 3, 5])
def test_pixels_of_other_samples_are_refused(n):
    victim, counters = _counting()
    with pytest.raises(ValueError, match=f'pixels must hold the 4 samples.* got {n}'):
        victim(torch.ones(n, 3))
    assert not counters.forwards.any()


def test_flags_go_to_their_samples():
    victim, counters = _counting()
    victim.flag('zero_gradient', torch.tensor([True, False, False, True]))
    victim.select(torch.tensor([2, 3])).flag('not_finite', torch.tensor([False, True]))
    assert counters.flags == [{'zero_gradient'}, set(), set(), {'zero_gradient', 'not_finite'}]


def test_model_and_bounds_are_the_victims():
    class Narrow(FunctionVictim):
        bounds = (16.0, 235.0)

    net = nn.Identity()
    assert CountingVictim(FunctionVictim(net), Counters(1), torch.arange(1)).model is net
    assert CountingVictim(FunctionVictim(lambda x: x), Counters(1), torch.arange(1)).model is None
    assert CountingVictim(Narrow(net), Counters(1), torch.arange(1)).bounds == (16.0, 235.0)
