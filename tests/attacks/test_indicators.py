"""Each sign that an attack failed for its own sake: a victim that must raise it, one that must not.

Shapes: N clips, C = 3, T = 5, H = 7, W = 9, K = 4 classes.
"""

import pytest
import torch
from torch import Tensor, nn
from toys import Linear, PerClip, clips, predicted, random_weights

from mmrobust.attacks import PGD, Attack, WorstCase
from mmrobust.attacks.loss_trace import LossTrace
from mmrobust.goals import Misclassify
from mmrobust.threats import L2, FrameMask, Linf
from mmrobust.victims import FunctionVictim

# Nothing within the range of pixels makes up for it.
SURE = torch.tensor([1e5, 0, 0, 0])
QUICK = [{'type': 'PGD', 'steps': 3, 'name': 'pgd'}]


class Rounded(Linear):
    """Sees steps of 16 levels, and hides from the gradient that it does."""

    def forward(self, pixels: Tensor) -> Tensor:
        return super().forward((pixels / 16).round() * 16) + 0 * pixels.flatten(1).sum(1)[:, None]


class Far(nn.Module):
    """Its second class wins where nearly all values are nearly ``eps`` from 128; no gradient."""

    def forward(self, pixels: Tensor) -> Tensor:
        far = ((pixels - 128).abs().flatten(1).mean(dim=1, keepdim=True) > 1.9).to(pixels)
        return torch.cat([1 - far, far], dim=1) + 0 * pixels.flatten(1).sum(1)[:, None]


class Band(nn.Module):
    """Its second class wins for means of 1 to 2 levels above 128; the gradient leads beyond."""

    def forward(self, pixels: Tensor) -> Tensor:
        mean = pixels.flatten(1).mean(dim=1) - 128
        inside = (mean > 1) & (mean < 2)
        return torch.stack([torch.ones_like(mean), mean / 100 + 2.0 * inside], dim=1)


class Rough(Linear):
    """Fine waves of more height than all else."""

    def forward(self, pixels: Tensor) -> Tensor:
        waves = torch.sin(50 * (pixels * self.weights[0].sign()).flatten(1).sum(dim=1))
        return super().forward(pixels) + 100 * waves[:, None] * torch.eye(4).to(pixels)[0]


class Purifier(Linear):
    """Goes a step along a gradient of its own before it answers."""

    def forward(self, pixels: Tensor) -> Tensor:
        with torch.enable_grad():
            leaf = pixels.detach().requires_grad_()
            (own,) = torch.autograd.grad(super().forward(leaf).square().sum(), leaf)
        return super().forward(pixels - own.sign())


def sure(model: type[Linear] = Linear) -> FunctionVictim:
    return FunctionVictim(model(random_weights(), SURE))


def flags(attack: Attack, victim: FunctionVictim, pixels: Tensor, **options: object) -> set[str]:
    """Those of the first clip, of which the first class is right."""
    outcome = attack(victim, pixels, torch.zeros(len(pixels), dtype=torch.long), **options)[0]
    return set(outcome.flags)


def ensemble(threat: object = None, **options: object) -> WorstCase:
    goal = Misclassify(loss='margin')
    return WorstCase(Linf(2) if threat is None else threat, goal, members=QUICK, **options)


def test_a_run_that_still_rises_has_not_converged():
    short, long = (PGD(Linf(8), steps=10, step_size=size) for size in (0.01, 0.5))
    assert 'not_converged' in flags(short, sure(), clips(1))
    assert 'not_converged' not in flags(long, sure(), clips(1))


def test_what_succeeded_need_not_converge():
    victim, pixels = FunctionVictim(Linear(random_weights())), clips(1)
    attack = PGD(Linf(40), Misclassify(loss='margin'), steps=10, step_size=0.1, early_stop=False)
    (outcome,) = attack(victim, pixels, predicted(victim, pixels))
    assert outcome.success
    assert 'not_converged' not in outcome.flags


def test_the_trace_goes_by_the_best_and_by_the_last_steps():
    trace, rows = LossTrace(3, 20), torch.arange(3)
    for step in range(20):
        early = min(step, 9)
        zigzag = 9.0 if step % 2 else 0.0
        trace.add(rows, torch.tensor([float(step), float(early), zigzag]), step)
    assert trace.still_rising(rows).tolist() == [True, False, False]
    nearly = LossTrace(2, 20)
    for step in range(20):
        late = max(step - 9, 0)
        rises = [min(step, 9) + share * late for share in (0.04, 0.06)]
        nearly.add(rows[:2], torch.tensor(rises), step)
    # Of ten steps more, 0.4 and 0.6 on top of 9: less and more than a twentieth of all.
    assert nearly.still_rising(rows[:2]).tolist() == [False, True]


@pytest.mark.parametrize('steps', [1, 2, 3])
def test_a_run_of_a_few_steps_has_no_last_ones(steps):
    trace = LossTrace(1, steps)
    for step in range(steps):
        trace.add(torch.tensor([0]), torch.tensor([float(step)]), step)
    assert not trace.still_rising(torch.tensor([0])).any()


def test_a_loss_that_is_nowhere_finite_does_not_rise():
    trace = LossTrace(1, 10)
    for step in range(10):
        trace.add(torch.tensor([0]), torch.tensor([torch.nan]), step)
    assert not trace.still_rising(torch.tensor([0])).any()


def test_success_that_rounding_undoes_is_said_to_be_lost():
    weights = torch.stack([-torch.ones(3, 5, 7, 9), torch.zeros(3, 5, 7, 9)]).double()
    pixels = torch.full((1, 3, 5, 7, 9), 128.0).double()
    bias = torch.tensor([128.0 * 945 + 300, 0]).double()
    victim = FunctionVictim(Linear(weights, bias))
    # 300 of 945 values by one level each: not with 0.4 of a level, rounded to none.
    attack = PGD(Linf(0.4), steps=10)
    assert {'success_lost', 'unchanged'} <= flags(attack, victim, pixels)
    assert not {'success_lost'} & flags(PGD(Linf(0.2), steps=10), victim, pixels)
    assert not {'success_lost'} & flags(PGD(Linf(1), steps=10), victim, pixels)


def test_success_that_the_loop_went_past_is_said_to_be_lost():
    pixels = torch.full((1, 3, 5, 7, 9), 128.0).double()
    options = {'steps': 4, 'step_size': 1.5, 'step_unit': 'pixel'}
    past = PGD(Linf(8), Misclassify(loss='margin'), early_stop=False, **options)
    stops = PGD(Linf(8), Misclassify(loss='margin'), **options)
    assert 'success_lost' in flags(past, FunctionVictim(Band()), pixels)
    (outcome,) = stops(FunctionVictim(Band()), pixels, torch.tensor([0]))
    assert outcome.success
    assert 'success_lost' not in outcome.flags


def test_success_on_the_victim_that_gave_the_gradients_alone():
    source, pixels = FunctionVictim(Linear(random_weights())), clips(1)
    labels = predicted(source, pixels)
    attack = PGD(Linf(30), steps=5)
    deaf = FunctionVictim(Linear(random_weights(), 1e5 * torch.eye(4)[labels[0]]))
    (outcome,) = attack(source, pixels, labels, success_on=deaf)
    assert not outcome.success
    assert 'transfer_failed' in outcome.flags
    (outcome,) = attack(deaf, pixels, labels, success_on=deaf)
    assert 'transfer_failed' not in outcome.flags
    (outcome,) = attack(source, pixels, labels, success_on=source)
    assert outcome.success
    assert 'transfer_failed' not in outcome.flags


@pytest.mark.parametrize('threat', [Linf(0.1), L2(3), FrameMask(Linf(0.1), frames=(1, 2))])
def test_what_stands_though_all_is_allowed(threat):
    assert 'unbounded_fails' in flags(ensemble(threat), sure(), clips(1))
    # Within reach of the range of values, not of the threat.
    near = FunctionVictim(Linear(random_weights(), torch.tensor([40.0, 0, 0, 0])))
    (outcome,) = ensemble(threat)(near, clips(1), torch.tensor([0]))
    assert not outcome.success
    assert 'unbounded_fails' not in outcome.flags


def test_a_loss_that_differs_between_neighbours():
    assert 'unstable_loss' in flags(
        ensemble(), FunctionVictim(Rough(random_weights(), 200.0 * torch.eye(4)[0])), clips(1)
    )
    assert 'unstable_loss' not in flags(ensemble(), sure(), clips(1))


def test_a_victim_that_takes_gradients_of_its_own():
    known = torch.autograd.grad, torch.autograd.backward
    assert 'dynamic_victim' in flags(ensemble(), sure(Purifier), clips(1))
    assert 'dynamic_victim' not in flags(ensemble(), sure(), clips(1))
    assert (torch.autograd.grad, torch.autograd.backward) == known


def test_noise_that_breaks_what_gradients_did_not():
    pixels = torch.full((1, 3, 5, 7, 9), 128.0).double()
    goal = Misclassify()
    blind = WorstCase(Linf(2), goal, preset='quick')(
        FunctionVictim(Far()), pixels, torch.tensor([0])
    )[0]
    assert blind.success
    assert blind.notes['broken_by'] == 'noise'
    assert {'weaker_than_noise', 'zero_gradient'} <= set(blind.flags)
    first = [{'type': 'RandomNoise', 'name': 'noise'}, *QUICK]
    attack = WorstCase(Linf(2), goal, members=first)
    assert 'weaker_than_noise' not in flags(attack, FunctionVictim(Far()), pixels)


def test_a_search_that_breaks_what_gradients_did_not():
    pixels, weights = clips(1, low=8, high=9) * 15, random_weights()
    bias = torch.tensor([4.0, 0, 0, 0]).double()
    members = [*QUICK, {'type': 'Square', 'name': 'square', 'budget': 300}]
    attack = WorstCase(Linf(9), Misclassify(loss='margin'), members=members)
    (outcome,) = attack(FunctionVictim(Rounded(weights, bias)), pixels, torch.tensor([0]))
    assert outcome.notes['broken_by'] == 'square'
    assert 'blackbox_beats_whitebox' in outcome.flags
    (outcome,) = attack(FunctionVictim(Linear(weights, bias)), pixels, torch.tensor([0]))
    assert outcome.success
    assert 'blackbox_beats_whitebox' not in outcome.flags


def test_an_ensemble_says_nothing_of_members_that_could_have_gone_on():
    members = [{'type': 'PGD', 'name': 'slow', 'steps': 10, 'step_size': 0.01}]
    attack = WorstCase(Linf(8), members=members)
    assert 'not_converged' not in flags(attack, sure(), clips(1))


def test_checks_can_be_left_out_and_concern_what_stands_alone():
    (outcome,) = ensemble(checks=False)(sure(), clips(1), torch.tensor([0]))
    assert 'checks' not in outcome.measures
    assert outcome.flags == ()
    victim, pixels = PerClip.of(6), clips(6)
    labels = predicted(victim, pixels)
    for one in ensemble()(victim, pixels, labels):
        assert ('checks' in one.measures) == (not one.success)
    with pytest.raises(ValueError, match='checks must be True or False'):
        ensemble(checks=1)


def test_values_without_bounds_know_no_neighbours():
    free = FunctionVictim(
        Linear(random_weights(), SURE), bounds=(-torch.inf, torch.inf), dtype=torch.float64
    )
    (outcome,) = ensemble()(free, clips(1), torch.tensor([0]))
    assert outcome.measures['checks'] == 1
    assert not set(outcome.flags) & {'unstable_loss', 'unbounded_fails'}
