"""Attacks on l_1: the optimum of linear victims, at the ends of the range too; l_0 is refused."""

import pytest
import torch
from toys import ConvNet, Linear, attack_classes, clips, predicted, random_weights, strong_classes

from mmrobust.attacks.pgd import PGD
from mmrobust.attacks.random_noise import RandomNoise
from mmrobust.functional.losses import margin
from mmrobust.goals import Misclassify
from mmrobust.threats import L0, L1, FrameMask
from mmrobust.victims import FunctionVictim

LEAD = torch.tensor([1e4, 0]).double()


def _best(way, pixels, eps):
    """What the l_1 ball can gain: value after value to its end, the best first."""
    gains = []
    for clean in pixels:
        room = torch.where(way > 0, 255 - clean, clean).flatten()
        size = way.abs().flatten()
        order = size.argsort(descending=True)
        left = (eps - room[order].cumsum(0) + room[order]).clamp(min=0)
        gains.append((size[order] * torch.minimum(room[order], left)).sum())
    return torch.stack(gains)


@pytest.mark.parametrize('eps', [50, 3000])
def test_pgd_on_l1_comes_near_what_a_linear_victim_can_lose(eps):
    net, pixels = Linear(random_weights(classes=2), LEAD), clips(3, low=0, high=256)
    way = (net.weights[1] - net.weights[0]).detach()
    attack = PGD(
        L1(eps, share=0.001), Misclassify('margin'), steps=60, step_size=0.1, early_stop=False
    )
    outcomes = attack(FunctionVictim(net), pixels, torch.zeros(3, dtype=torch.long))
    for outcome, clean, best in zip(outcomes, pixels, _best(way, pixels, eps), strict=True):
        delta = outcome.adversarial.double() - clean
        assert outcome.l1 == float(delta.abs().sum()) <= eps
        assert outcome.values == int((delta != 0).sum())
        assert outcome.pixels == int((delta != 0).any(dim=0).sum())
        gained = float((way * delta).sum())
        assert 0.93 * best <= gained <= best


@pytest.mark.parametrize('seed', [0, 1])
def test_pgd_on_l1_is_better_than_noise(seed):
    net, pixels = ConvNet(seed).eval(), clips(3).float()
    victim = FunctionVictim(lambda x: net(x) + torch.tensor([1e3, 0, 0, 0]))
    labels = torch.zeros(3, dtype=torch.long)
    with torch.no_grad():
        clean = margin(victim(pixels), labels)
    gains = []
    for attack in (PGD(L1(3000)), RandomNoise(L1(3000))):
        scores = torch.stack([o.scores for o in attack(victim, pixels, labels)])
        gains.append(margin(scores, labels) - clean)
    assert (gains[0] > 3 * gains[1].abs()).all()


def test_a_batch_on_l1_gets_what_its_clips_get_alone():
    net, pixels = Linear(random_weights()), clips(4)
    victim, labels = FunctionVictim(net), predicted(FunctionVictim(net), pixels)
    attack, seeds = PGD(L1(400), steps=5), [5, 6, 7, 8]
    together = attack(victim, pixels, labels, seeds=seeds)
    for row, outcome in enumerate(together):
        one = slice(row, row + 1)
        (alone,) = attack(victim, pixels[one], labels[one], seeds=seeds[one])
        assert torch.equal(alone.adversarial, outcome.adversarial)


@pytest.mark.parametrize('cls', [cls for cls in attack_classes() if not cls.counts])
@pytest.mark.parametrize('threat', [L0(9), FrameMask(L0(9))], ids=['l0', 'masked'])
def test_what_takes_steps_of_a_length_refuses_l0_by_name(cls, threat):
    example = getattr(cls, 'example', {})
    with pytest.raises(ValueError, match=rf'threat must be .* for {cls.__name__}, got') as error:
        cls(threat=threat, **example)
    assert 'L0(eps=9' in str(error.value)
    assert '\n' not in str(error.value)


def test_most_attacks_are_asked():
    assert len([cls for cls in strong_classes() if not cls.counts]) > 20
