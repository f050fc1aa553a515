"""Gradients of a mean lead on where those of one draw do not."""

import pytest
import torch
from torch import Tensor
from toys import Linear, clips, predicted, random_weights

from mmrobust.attacks import EOT, PGD
from mmrobust.functional.randomness import SampleRandom
from mmrobust.goals import Misclassify
from mmrobust.registry import ATTACKS
from mmrobust.threats import Linf
from mmrobust.victims import FunctionVictim
from mmrobust.victims.averaged import AveragedVictim
from mmrobust.victims.bound import BoundVictim
from mmrobust.victims.counting import Counters, CountingVictim

ONE_STEP = {'type': 'PGD', 'steps': 1, 'step_size': 1.0, 'random_start': False}
MARGIN = Misclassify(loss='margin')


class Drawn(BoundVictim):
    """Linear, times 5 or -3 at random: in the mean times 1; the draws are its own."""

    def __init__(self, weights: Tensor, n: int) -> None:
        self.linear, self.n, self.asked = Linear(weights), n, 0
        self.generator = torch.Generator().manual_seed(0)

    def __call__(self, pixels: Tensor) -> Tensor:
        self.asked += 1
        up = torch.rand(len(pixels), generator=self.generator) < 0.5
        factor = torch.where(up, 5.0, -3.0).to(pixels)
        return self.linear(pixels) * factor[:, None]

    def select(self, rows: Tensor) -> 'Drawn':
        twin = Drawn(self.linear.weights, len(rows))
        twin.linear, twin.generator = self.linear, self.generator
        return twin


def averaged(victim: BoundVictim, n: int, draws: int) -> tuple[AveragedVictim, Counters]:
    counters = Counters(n)
    return AveragedVictim(CountingVictim(victim, counters, torch.arange(n)), draws), counters


def test_an_answer_is_the_mean_and_every_draw_is_counted():
    pixels = clips(2)
    victim, counters = averaged(Drawn(random_weights(), 2), 2, 4)
    again = Drawn(random_weights(), 2)
    wanted = sum(again(pixels) for _ in range(4)) / 4
    leaf = pixels.clone().requires_grad_()
    outputs = victim(leaf)
    torch.testing.assert_close(outputs, wanted)
    torch.autograd.grad(outputs.sum(), leaf)
    assert counters.forwards.tolist() == counters.backwards.tolist() == [4, 4]
    victim.select(torch.tensor([1])).verdict(pixels[1:])
    assert counters.forwards.tolist() == [4, 8]


def test_gradients_of_the_mean_lead_where_those_of_a_draw_do_not():
    n = 24
    pixels, weights = clips(n), random_weights()
    labels = predicted(FunctionVictim(Linear(weights)), pixels)
    plain = FunctionVictim(Linear(weights))
    ways = {}
    for name, attack in {
        'one': PGD(Linf(2), MARGIN, steps=1, step_size=1.0, random_start=False),
        'mean': EOT(threat=Linf(2), goal=MARGIN, attack=ONE_STEP, draws=101),
        'known': PGD(Linf(2), MARGIN, steps=1, step_size=1.0, random_start=False),
    }.items():
        victim, counters = Drawn(weights, n), Counters(n)
        counters.clean = plain(pixels)
        source = plain if name == 'known' else victim
        goal = MARGIN.bind(labels, counters.clean)
        counting = CountingVictim(source, counters, torch.arange(n))
        found = attack.run(counting, pixels.clone(), goal, SampleRandom.from_seeds(range(n)))
        ways[name] = (found - pixels).flatten(1)
    right = {
        name: float((way * ways['known']).sum(dim=1).sign().clamp(min=0).mean())
        for name, way in ways.items()
    }
    assert right['mean'] == 1
    assert right['one'] < 0.8


def test_the_share_of_draws_that_are_fooled_is_measured():
    pixels, weights = clips(3), random_weights()
    labels = predicted(FunctionVictim(Linear(weights)), pixels)
    attack = EOT(threat=Linf(40), goal=MARGIN, attack=ONE_STEP, draws=10)
    sure = FunctionVictim(Linear(weights))
    for outcome in attack(sure, pixels, labels):
        assert outcome.success
        assert outcome.measures['fooled_share'] == 1
        # A step, a look at it by all draws once rounded, and once more for the share.
        assert outcome.forwards == 10 * 2
        assert outcome.backwards == 10
    none = EOT(threat=Linf(0), goal=MARGIN, attack=ONE_STEP, draws=4)
    assert all(one.measures['fooled_share'] == 0 for one in none(sure, pixels, labels))


def test_one_draw_of_a_sure_victim_is_the_other_attack():
    victim, pixels = FunctionVictim(Linear(random_weights())), clips(4)
    labels = predicted(victim, pixels)
    inner = {'type': 'PGD', 'steps': 4, 'random_start': True}
    one = EOT(threat=Linf(2), attack=inner, draws=1)(victim, pixels, labels, seeds=[1, 2, 3, 4])
    other = PGD(Linf(2), steps=4, random_start=True)(victim, pixels, labels, seeds=[1, 2, 3, 4])
    for found, wanted in zip(one, other, strict=True):
        assert torch.equal(found.adversarial, wanted.adversarial)


def test_description_builds_it_again_and_bad_input_is_named():
    attack = EOT(threat=Linf(3), attack={'type': 'PGD', 'steps': 7, 'loss': 'margin'}, draws=5)
    described = attack.describe()
    assert described['attack']['steps'] == 7
    assert ATTACKS.build(described).describe() == described
    assert attack.title == 'EOT-PGD'
    for options, rule in (
        ({'draws': 0}, 'draws must be'),
        ({'attack': 'PGD'}, 'attack must be a dict'),
        ({'attack': {'type': 'Square', 'budget': 100}}, 'takes gradients itself'),
        ({'attack': {'type': 'EOT'}}, 'takes gradients itself'),
        ({'attack': {'type': 'PGD', 'steps': 0}}, 'steps must be'),
        ({'attack': {'type': 'PGD', 'threat': {'type': 'Linf'}}}, 'without threat and goal'),
    ):
        with pytest.raises(ValueError, match=rule):
            EOT(**options)
