"""RayS: labels alone, and what it must find with them."""

import pytest
import torch

from mmrobust.attacks.rays import RayS
from mmrobust.functional.losses import margin
from mmrobust.goals import TargetClass
from mmrobust.threats import L2, FrameMask, Linf, PixelMask
from mmrobust.victims import FunctionVictim
from tests.query.toys import SHAPE, Counter, clips

pytestmark = pytest.mark.sampled(2)

ZEROS = torch.zeros(3, dtype=torch.long)


class Border(Counter):
    """Class 1 wins once the clip has moved far enough along the weights; class 2 never does."""

    def __init__(self, n: int, share: float, eps: float = 8) -> None:
        super().__init__(n)
        self.weights[:, 2] = 0
        self.weights[:, 0] = 0
        self.lead[2] = -1e6
        self.share, self.eps = share, eps

    def __call__(self, pixels):
        found = super().__call__(pixels)
        own = self.weights[self.rows, 1]
        start = ((clips(len(self.asked))[self.rows] - 128) * own).flatten(1).sum(dim=1)
        found[:, 1] -= start + self.share * self.eps * own.abs().flatten(1).sum(dim=1)
        return found


@pytest.mark.parametrize('share', [0.3, 0.6, 0.9])
def test_the_corner_of_a_linear_victim_is_found(share):
    # The best corner of the ball gains 1, noise next to nothing.
    victim = Border(3, share)
    outcomes = RayS(Linf(8), budget=4000)(victim, clips(3), ZEROS)
    assert all(outcome.success and outcome.linf <= 8 for outcome in outcomes)
    noise = torch.randn(200, *SHAPE, generator=torch.Generator().manual_seed(0)).sign()
    tried = Border(1, share)(clips(1))
    for one in noise:
        assert tried.argmax() == 0 == Border(1, share)(clips(1) + 8 * one).argmax()


def test_out_of_reach_is_out_of_reach():
    (outcome,) = RayS(Linf(8), budget=3000)(Border(1, share=1.01), clips(1), ZEROS[:1])
    assert not outcome.success
    # What it ends with is nevertheless near the best corner.
    victim = Border(1, share=1.01)
    before = margin(victim(clips(1)), ZEROS[:1])
    after = margin(victim(outcome.adversarial[None].double()), ZEROS[:1])
    assert after - before > 0.9 * (0 - before) / 1.01


def test_more_queries_bring_the_border_nearer():
    gains = []
    for budget in (50, 200, 800, 2000):
        victim = Border(1, share=3)
        (outcome,) = RayS(Linf(8), budget=budget)(victim, clips(1), ZEROS[:1])
        found = victim(outcome.adversarial[None].double())
        gains.append(float(margin(found, ZEROS[:1])))
    assert gains == sorted(gains)
    assert gains[0] < gains[-1]


def test_nothing_but_the_label_reaches_it():
    plain = Border(3, share=0.6)

    class Label(Border):
        def __call__(self, pixels):
            best = super().__call__(pixels).argmax(dim=1)
            return torch.nn.functional.one_hot(best, 3).double() * 1e-3

    usual = RayS(Linf(8), budget=2000)(plain, clips(3), ZEROS)
    found = RayS(Linf(8), budget=2000)(Label(3, share=0.6), clips(3), ZEROS)
    for one, other in zip(usual, found, strict=True):
        assert torch.equal(one.adversarial, other.adversarial)
        assert (one.queries, one.success) == (other.queries, other.success)
        assert other.flags == ()


def test_the_distance_is_that_of_the_border():
    # One direction: all values up. The label changes at 20.3 grey levels.
    asked = []

    def model(pixels):
        moved = (pixels - clips(1)).flatten(1).mean(dim=1)
        asked.append(float(moved))
        return torch.stack([torch.zeros_like(moved), moved - 20.3], dim=1)

    RayS(Linf(8), budget=14)(FunctionVictim(model), clips(1), ZEROS[:1])
    # Clean, the corner, twice and four times the budget, then halves of what is between,
    # until a Euclidean length of 0.255 is left, which all 120 values share.
    assert asked[:4] == [0, 8, 16, 32]
    halves = asked[4:14]
    low, high = max(h for h in halves if h < 20.3), min(h for h in halves if h > 20.3)
    assert high - low == pytest.approx(16 / 2**10)
    assert (high - low) * 120**0.5 <= 0.255 < 2 * (high - low) * 120**0.5
    # All the other way, as far as the border was; then the check of the result.
    assert asked[14:] == [pytest.approx(-high), 8]


def test_nan_has_no_label():
    class Broken(Border):
        def __call__(self, pixels):
            moved = (pixels != clips(3)[self.rows]).flatten(1).any(dim=1)
            broken = (self.rows == 1) & moved
            return torch.where(broken[:, None], torch.nan, super().__call__(pixels))

    outcomes = RayS(Linf(8), budget=500)(Broken(3, share=0.3), clips(3), ZEROS)
    sound = RayS(Linf(8), budget=500)(Border(3, share=0.3), clips(3), ZEROS)
    assert [outcome.success for outcome in outcomes] == [True, False, True]
    assert 'not_finite' in outcomes[1].flags
    for row in (0, 2):
        assert torch.equal(outcomes[row].adversarial, sound[row].adversarial)
        assert outcomes[row].flags == ()


THREATS = [L2(60), FrameMask(Linf(24), frames=[1]), PixelMask(Linf(30), box=(1, 1, 3, 4))]


@pytest.mark.parametrize('threat', THREATS, ids=lambda threat: type(threat).__name__)
def test_other_threats(threat):
    victim, pixels = Border(3, share=0.2), clips(3)
    outcomes = RayS(threat, budget=3000)(victim, pixels, ZEROS)
    for outcome, clean in zip(outcomes, pixels, strict=True):
        assert outcome.success
        assert threat.distance(outcome.adversarial[None].double(), clean[None]) <= threat.eps


def test_towards_a_class_that_is_not_the_nearest():
    """All ones lead to class 2; class 1 lies beyond it, and the other way."""

    def model(pixels):
        moved = (pixels - clips(1)).flatten(1).mean(dim=1)
        return torch.stack([torch.zeros_like(moved), -moved - 6, moved - 3], dim=1)

    victim = FunctionVictim(model)
    for target, way in ((1, -1), (2, 1)):
        attack = RayS(Linf(8), TargetClass('margin', target=target), budget=30)
        (outcome,) = attack(victim, clips(1), ZEROS[:1])
        assert outcome.success
        assert (way * (outcome.adversarial.double() - clips(1)[0]) > 0).all()


@pytest.mark.parametrize('level', [1, 1 / 128, 20])
def test_what_lies_inside_the_budget_and_not_at_its_end_is_found(level):
    """In grey levels, and in numbers whose steps are smaller or larger."""

    # Up: from 12 on. Down: from 11 on, which is nearer, and between 4.2 and 6.7.
    def model(pixels):
        up = (pixels / level - clips(1)).flatten(1).mean(dim=1)
        other = (up >= 12) | (up <= -11) | ((up <= -4.2) & (up >= -6.7))
        return torch.stack([torch.full_like(up, 0.5), other.double()], dim=1)

    numbers = {'bounds': (0.0, 255.0 * level), 'dtype': torch.float64, 'grid': float(level)}
    victim = FunctionVictim(model, **({} if level == 1 else numbers))
    (outcome,) = RayS(Linf(8 * level), budget=50)(victim, level * clips(1), ZEROS[:1])
    assert outcome.success
    torch.testing.assert_close(outcome.adversarial.double() / level, clips(1)[0] - 5)


def test_one_that_resists_says_how_near_the_border_came():
    (outcome,) = RayS(Linf(8), budget=3000)(Border(1, share=1.5), clips(1), ZEROS[:1])
    # The nearest corner is at one and a half times the budget.
    assert 12 <= outcome.measures['border_distance'] < 12.5
    (fooled,) = RayS(Linf(16), budget=3000)(Border(1, share=1.5), clips(1), ZEROS[:1])
    assert fooled.success
    assert 'border_distance' not in fooled.measures


def test_frames_of_any_memory_layout_and_at_the_ends_of_the_range():
    pixels = torch.tensor([0.0, 255.0]).double().repeat(60).reshape(1, 3, 4, 5, 2)
    pixels = pixels.permute(0, 4, 1, 2, 3)
    assert not pixels.is_contiguous()
    weights = torch.randn(SHAPE, generator=torch.Generator().manual_seed(1)).double()
    # Half of the values can go one way alone.
    inward = torch.where(pixels[0] == 0, weights.clamp(min=0), (-weights).clamp(min=0))
    need = 0.6 * 8 * inward.sum()

    def model(found):
        moved = ((found - pixels) * weights).flatten(1).sum(dim=1)
        return torch.stack([need.expand(len(found)), moved], dim=1)

    (outcome,) = RayS(Linf(8), budget=3000)(FunctionVictim(model), pixels, ZEROS[:1])
    assert outcome.success
