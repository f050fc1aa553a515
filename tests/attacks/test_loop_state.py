"""What a variant of the gradient loop may keep, sample by sample."""

from dataclasses import dataclass

import torch
from toys import PerClip, build, clips, predicted

from mmrobust.attacks.gradient_loop import GradientLoop
from mmrobust.attacks.loop_state import LoopState
from mmrobust.attacks.mi_fgsm import MIFGSM, MomentumState
from mmrobust.functional.randomness import SampleRandom
from mmrobust.threats import Linf

SEEDS = [17, 3, 99, 1234, 5, 8]


class NesterovFGSM(MIFGSM):
    """NI-FGSM (Lin et al. 2020, arXiv:1908.06281, eq. 6): the gradient further along."""

    def gradient(self, state):
        here = state.pixels
        length = self.step_size * self.threat.eps * self.decay
        state.pixels = here + length * state.momentum
        found = super().gradient(state)
        state.pixels = here
        return found


class Dithered(GradientLoop):
    """The gradient beside the place, by a draw of each sample's own stream."""

    def gradient(self, state):
        here = state.pixels
        state.pixels = here + state.rng.uniform_like(here)
        found = super().gradient(state)
        state.pixels = here
        return found


@dataclass
class CountingState(LoopState):
    taken: torch.Tensor


class Counted(GradientLoop):
    """Reports the steps of each sample, as it leaves."""

    def begin(self, victim, clean, goal, rng):
        state = super().begin(victim, clean, goal, rng)
        return CountingState(**vars(state), taken=torch.zeros(len(clean), dtype=torch.long))

    def step(self, state, steepest):
        state.taken = state.taken + 1
        return super().step(state, steepest)

    def leave(self, state):
        for row, taken in zip(state.victim.rows.tolist(), state.taken.tolist(), strict=True):
            state.victim.counters.measures[row]['taken'] = taken


def batch(n=6):
    victim, pixels = PerClip.of(n), clips(n, seed=5)
    return victim, pixels, predicted(victim, pixels)


def test_every_field_is_selected_with_its_sample():
    pixels = clips(4)
    victim = PerClip.of(4)
    rng = SampleRandom.from_seeds(range(4))
    state = MomentumState(victim, victim, pixels, pixels + 1, rng, 3, momentum=2 * pixels)
    some = state.select(torch.tensor([2, 0]))
    assert type(some) is MomentumState
    assert some.iteration == 3
    assert torch.equal(some.clean, pixels[[2, 0]])
    assert torch.equal(some.pixels, pixels[[2, 0]] + 1)
    assert torch.equal(some.momentum, 2 * pixels[[2, 0]])
    assert torch.equal(some.victim.weights, victim.weights[[2, 0]])
    draws = rng.uniform_like(pixels)
    again = SampleRandom.from_seeds(range(4)).select(torch.tensor([2, 0]))
    assert torch.equal(again.uniform_like(pixels[:2]), draws[[2, 0]])


def test_a_variant_is_one_method_and_keeps_samples_apart():
    victim, pixels, labels = batch()
    for cls in (NesterovFGSM, Dithered):
        attack = build(cls, Linf(2), early_stop=True, steps=5)
        together = attack(victim, pixels, labels, seeds=SEEDS)
        assert {one.success for one in together} == {True, False}
        for i, outcome in enumerate(together):
            row = torch.tensor([i])
            (alone,) = attack(victim.select(row), pixels[row], labels[row], seeds=[SEEDS[i]])
            assert torch.equal(outcome.adversarial, alone.adversarial)
            assert outcome.forwards == alone.forwards


def test_looking_ahead_is_another_attack_than_momentum():
    victim, pixels, labels = batch()
    plain, ahead = (cls(Linf(2))(victim, pixels, labels) for cls in (MIFGSM, NesterovFGSM))
    same = [torch.equal(a.adversarial, b.adversarial) for a, b in zip(plain, ahead, strict=True)]
    assert not all(same)


def test_each_sample_leaves_once_with_its_own_numbers():
    victim, pixels, labels = batch()
    outcomes = Counted(Linf(2), steps=5)(victim, pixels, labels, seeds=SEEDS)
    assert len({one.measures['taken'] for one in outcomes}) > 1
    for one in outcomes:
        # A success is seen at the next forward, and looked at once more, rounded.
        assert one.measures['taken'] == (5 if not one.success else one.backwards - 1)
