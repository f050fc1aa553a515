"""DeepFool: which border it crosses, where, and at what cost."""

import pytest
import torch
from borders import NET, WAY, gaps, smallest, victim
from toys import ConvNet, Linear, clips, random_weights

from mmrobust.attacks.deepfool import DeepFool
from mmrobust.attacks.fmn import FMN
from mmrobust.goals import CorruptPose, Misclassify, TargetClass
from mmrobust.threats import L2
from mmrobust.victims import FunctionVictim


@pytest.mark.parametrize('projection', [False, True])
@pytest.mark.parametrize('goal', [Misclassify(), TargetClass(target=1), TargetClass(target=2)])
def test_deepfool_crosses_the_nearer_border_or_the_targets(projection, goal):
    # Class 1 is behind by less, class 2 is nearer: its normal is longer.
    ways = random_weights(classes=2, seed=7) * torch.tensor([1.0, 3.0])[:, None, None, None, None]
    net, behind = Linear(torch.cat([0 * ways[:1], ways])), torch.tensor([2.0, 3.0]).double()
    pixels, flat = clips(3), ways.flatten(1)
    with torch.no_grad():
        moves = (-behind - net(pixels)[:, 1:]) @ torch.linalg.pinv(flat).T
    pixels = pixels + moves.reshape(pixels.shape)
    torch.testing.assert_close(net(pixels).detach()[:, 1:], -behind.expand(3, 2))
    nearer = float(behind[1] / flat[1].norm())
    assert nearer < 0.6 * float(behind[0] / flat[0].norm())
    attack = DeepFool(threat=L2(4000), goal=goal, projection=projection)
    target = victim(net, rounded=False)
    outcomes = attack(target, pixels, torch.zeros(3, dtype=torch.long))
    aimed = goal.target if isinstance(goal, TargetClass) else 2
    for outcome in outcomes:
        assert int(outcome.scores.argmax()) == aimed
        found = outcome.measures['eps_star']
        assert found == pytest.approx(nearer, rel=0.01) if aimed == 2 else found > 1.5 * nearer


def test_candidates_of_deepfool_are_those_of_the_largest_scores():
    victim = FunctionVictim(Linear(random_weights(), torch.tensor([30.0, 0, 0, 0]).double()))
    costs = []
    for candidates in (1, 2, 9):
        attack = DeepFool(threat=L2(2000), steps=1, candidates=candidates)
        outcomes = attack(victim, clips(2), torch.zeros(2, dtype=torch.long))
        costs.append([outcome.backwards for outcome in outcomes])
    assert costs == [[1, 1], [2, 2], [3, 3]]


class Bent(Linear):
    """A border that is curved: what leads to it is not its normal."""

    def forward(self, pixels):
        across, along = super().forward(pixels).unbind(dim=1)
        lead = across + along.square() / 20
        return torch.stack([lead, torch.zeros_like(lead)], dim=1)


def test_projection_shortens_what_deepfool_finds():
    pixels, weights = clips(6), random_weights(classes=2)
    with torch.no_grad():
        scores = Linear(weights)(pixels)
    net = Bent(weights, torch.stack([-scores[:, 0].min() + 1, -scores[:, 1].mean() + 20]))
    plain, better, exact = (
        smallest(attack, net, pixels, rounded=False)
        for attack in (
            DeepFool(threat=L2(6000)),
            DeepFool(threat=L2(6000), projection=True),
            FMN(threat=L2(6000), steps=300),
        )
    )
    assert (better <= plain * (1 + 1e-6)).all()
    assert (better < plain * 0.999).any()
    assert (exact <= better * 1.01).all()


def test_deepfool_finds_about_what_fmn_finds_on_a_net():
    net, pixels = ConvNet().double().eval(), clips(6)
    one, other = (smallest(cls(threat=L2(2000)), net, pixels) for cls in (DeepFool, FMN))
    torch.testing.assert_close(one, other, rtol=0.1, atol=0)


def test_deepfool_refuses_what_is_no_goal_of_classes():
    with pytest.raises(ValueError, match=r'goal must be .* got CorruptPose') as error:
        DeepFool(goal=CorruptPose())
    assert '\n' not in str(error.value)


def test_few_steps_do_where_many_values_are_at_their_end():
    # Nine values of ten stand where the way leads out of the range.
    pixels = clips(3)
    ends = torch.where(WAY > 0, 255.0, 0.0).double()
    inner = torch.rand(WAY.shape, generator=torch.Generator().manual_seed(0)) < 0.1
    pixels = torch.where(inner, pixels, ends)
    with torch.no_grad():
        scores = NET(pixels)
    net = Linear(random_weights(classes=2), scores.mean(dim=0).flip(0) + torch.tensor([4.0, 0]))
    exact = gaps(net, pixels) / (WAY * inner).norm()
    found = smallest(DeepFool(threat=L2(4000), steps=3), net, pixels, rounded=False)
    torch.testing.assert_close(found, exact, rtol=0.03, atol=0)
