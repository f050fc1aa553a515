"""Victims, inputs and methods that are not what they should be: named, or put right."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn
from toys import CLIP, ConvNet, Linear, build, clips, predicted, random_weights, suited

from mmrobust.attacks.gradient_loop import GradientLoop
from mmrobust.attacks.pgd import PGD
from mmrobust.attacks.square import Square
from mmrobust.goals import Misclassify
from mmrobust.query.black_box import BlackBox
from mmrobust.threats import Linf
from mmrobust.threats.masks import Masked
from mmrobust.victims import FunctionVictim


def test_a_function_that_works_in_place_changes_nobodys_pixels(attack_class):
    net = ConvNet().eval()

    def careless(pixels):
        pixels.mul_(0.5).add_(3)
        return net(pixels)

    pixels = clips(3, low=0, high=256).float()
    attack, threat = build(attack_class, Linf(4)), suited(attack_class, Linf(4))
    labels = net(pixels * 0.5 + 3).argmax(dim=1)
    found = attack(FunctionVictim(careless), pixels, labels)
    same = attack(FunctionVictim(lambda x: net(x * 0.5 + 3)), pixels, labels)
    for one, other, clean in zip(found, same, pixels, strict=True):
        assert float((one.adversarial.float() - clean).abs().max()) == one.linf <= threat.eps
        assert torch.equal(one.adversarial, other.adversarial)
        assert 'random_outputs' not in one.flags


def test_double_pixels_suit_a_network_of_single_precision():
    net, pixels = ConvNet().eval(), clips(2)
    assert pixels.dtype == torch.float64
    victim = FunctionVictim(net)
    labels = predicted(victim, pixels)
    double, single = (PGD(Linf(4))(victim, x, labels) for x in (pixels, pixels.float()))
    assert [one.success for one in double] == [one.success for one in single]
    # One of double precision keeps it.
    seen = []
    exact = nn.Sequential(Linear(random_weights()))
    exact.register_forward_hook(lambda module, inputs, output: seen.append(output.dtype))
    PGD(Linf(4), steps=1)(FunctionVictim(exact), pixels, labels)
    assert set(seen) == {torch.float64}


@pytest.mark.parametrize('pixels', [np.zeros((2, *CLIP)), [torch.zeros(CLIP)] * 2])
def test_pixels_that_are_no_tensor_are_named(pixels):
    victim = FunctionVictim(ConvNet().eval())
    with pytest.raises(ValueError, match=r'pixels must be a tensor \(N, C, ..., H, W\), got'):
        PGD()(victim, pixels, torch.zeros(2).long())


def test_outputs_that_are_no_tensor_are_named():
    net = ConvNet().eval()
    with pytest.raises(ValueError, match='victim must be a function that returns a tensor, got'):
        PGD()(FunctionVictim(lambda x: (net(x),)), clips(2).float(), torch.zeros(2).long())


def test_one_score_of_two_classes_is_refused():
    victim = FunctionVictim(Linear(random_weights(1)))
    with pytest.raises(ValueError, match='outputs must be of at least two classes'):
        PGD()(victim, clips(2), torch.zeros(2).long())


@pytest.mark.parametrize('function', [None, 3])
def test_a_victim_of_nothing_is_refused(function):
    with pytest.raises(ValueError, match='function must be a function or a module, got'):
        FunctionVictim(function)


def test_a_black_box_of_a_bare_module_is_refused():
    with pytest.raises(ValueError, match='victim must be bound to samples'):
        BlackBox(ConvNet())


def test_a_judge_that_is_no_victim_is_named():
    net, pixels = ConvNet().eval(), clips(2).float()
    victim = FunctionVictim(net)
    with pytest.raises(ValueError, match='wrap it in mr.FunctionVictim'):
        PGD()(victim, pixels, predicted(victim, pixels), success_on=net)


def test_a_number_of_numpys_is_told_from_a_plain_one():
    with pytest.raises(ValueError, match='steps must be a whole number >= 1, got 3 of type int64'):
        PGD(steps=np.int64(3))


def _attacked(cls, goal=None, threat=None, n=2):
    victim, pixels = FunctionVictim(ConvNet().eval()), clips(n).float()
    options = {} if goal is None else {'goal': goal}
    return cls(threat=threat or Linf(4), **options)(victim, pixels, predicted(victim, pixels))


@pytest.mark.parametrize('n', [2, 3])
@pytest.mark.parametrize(
    ('method', 'found', 'message'),
    [
        ('direction', lambda state: None, r'Odd.direction\(\) must be a tensor .* got .NoneType.'),
        ('direction', lambda state: state.pixels[:1], r'Odd.direction\(\) must be a tensor'),
        ('step', lambda state: state.pixels.sum(), r'Odd.step\(\) must be a tensor .* got \(\)'),
        ('gradient', lambda state: state.pixels, r'Odd.gradient\(\) must be a pair'),
        ('gradient', lambda state: (state.pixels, None), r'Odd.gradient\(\) must be a tensor'),
    ],
)
def test_what_a_variants_method_gives_is_looked_at(method, found, message, n):
    class Odd(GradientLoop):
        pass

    setattr(Odd, method, lambda self, state, *rest: found(state))
    with pytest.raises(ValueError, match=message):
        _attacked(Odd, n=n)


@pytest.mark.parametrize(
    ('method', 'found', 'message'),
    [
        ('success', lambda n: torch.ones(n), r'Odd.success\(\) must be true or false per sample'),
        ('success', lambda n: True, r'Odd.success\(\) must be a tensor \(2,\), got .bool.'),
        ('is_correct', lambda n: torch.ones(n), r'Odd.is_correct\(\) must be true or false'),
        ('objective', lambda n: torch.ones(1), r'Odd.objective\(\) must be a tensor \(2,\)'),
    ],
)
def test_what_a_goals_method_gives_is_looked_at(method, found, message):
    class Odd(Misclassify):
        pass

    setattr(Odd, method, lambda self, outputs, facts: found(len(outputs)))
    with pytest.raises(ValueError, match=message):
        _attacked(PGD, goal=Odd())


@pytest.mark.parametrize(
    ('mask', 'message'),
    [
        (torch.ones(5, 1, 1), r'Odd.mask\(\) must be a tensor of true and false, got torch.float'),
        (True, r'Odd.mask\(\) must be a tensor of true and false, got .bool.'),
        (torch.ones(4, 1, 1).bool(), r'Odd.mask\(\) must be of a shape that broadcasts to'),
    ],
)
def test_what_a_mask_is_is_looked_at(mask, message):
    @dataclass(frozen=True)
    class Odd(Masked):
        def mask(self, pixels):
            return mask

    with pytest.raises(ValueError, match=message):
        _attacked(PGD, threat=Odd(Linf(4)))


def test_a_search_that_is_made_without_a_goal_refuses_a_victim_of_poses():
    import mmrobust as mr
    from tests.conftest import ROOT

    config = ROOT / 'configs/demo/pose/td-hm_tiny-r18_synthetic-64x80.py'
    victim = mr.load_victim(config, ROOT / 'mmrobust/resources/demo_pose_victim.pth')
    pictures = torch.randint(256, (1, 3, 80, 64)).float()
    with pytest.raises(ValueError, match='Square needs a recogniser'):
        Square(budget=20)(victim, pictures)
