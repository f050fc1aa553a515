"""What every registered attack owes: budget, bounds, and a victim left as it was."""

import pytest
import torch
from toys import CASES, CLIP, ConvNet, Linear, build, clips, predicted, random_weights, takes

from mmrobust.threats import L2, Linf
from mmrobust.victims import FunctionVictim

pytestmark = pytest.mark.sampled(8)


@pytest.fixture(params=CASES)
def case(request, attack_class):
    if not takes(attack_class, CASES[request.param].threat):
        pytest.skip('refuses this norm; see test_minimal_norm.py')
    return CASES[request.param]


@pytest.mark.parametrize('n', [1, 2, 3])
def test_budget_bounds_and_mask_hold_after_rounding(attack_class, case, n):
    # The full range of grey levels, so that clipping at 0 and 255 matters.
    pixels = clips(n, seed=n, low=0, high=256).to(torch.uint8)
    victim = FunctionVictim(ConvNet(seed=n).eval())
    attack = build(attack_class, case.threat)
    outcomes = attack(victim, pixels, predicted(victim, pixels.float()))
    assert len(outcomes) == n
    for outcome, clean in zip(outcomes, pixels, strict=True):
        assert outcome.adversarial.dtype == torch.uint8
        assert outcome.adversarial.shape == CLIP
        assert outcome.attacked
        case.check(outcome.adversarial.double() - clean.double())
        moved = bool((outcome.adversarial != clean).any())
        assert moved == (case.eps >= 1)
        assert ('unchanged' in outcome.flags) == (not moved)


def test_outcome_says_what_is_in_its_pixels(attack_class, case):
    victim = FunctionVictim(ConvNet().eval())
    pixels = clips(3).float()
    labels = predicted(victim, pixels)
    outcomes = build(attack_class, case.threat)(victim, pixels, labels)
    for outcome, clean, label in zip(outcomes, pixels, labels, strict=True):
        delta = outcome.adversarial.double() - clean.double()
        assert outcome.linf == pytest.approx(float(delta.abs().max()))
        assert outcome.l2 == pytest.approx(float(delta.square().sum().sqrt()), rel=1e-6)
        assert outcome.frames == sum(bool(delta[:, t].any()) for t in range(CLIP[1]))
        with torch.no_grad():
            scores = victim(outcome.adversarial[None].float())[0]
        torch.testing.assert_close(outcome.scores, scores)
        assert outcome.success == bool(scores.argmax() != label)


@pytest.mark.parametrize('dtype', [torch.uint8, torch.float16, torch.float32, torch.float64])
def test_input_is_left_alone(attack_class, dtype):
    victim = FunctionVictim(Linear(random_weights()))
    pixels = clips(3).to(dtype).requires_grad_(dtype.is_floating_point)
    labels = predicted(victim, clips(3))
    outputs = victim(clips(3))
    kept = [tensor.detach().clone() for tensor in (pixels, labels, outputs)]
    build(attack_class, Linf(8))(victim, pixels, labels, clean_outputs=outputs)
    for tensor, copy in zip((pixels, labels, outputs), kept, strict=True):
        assert torch.equal(tensor.detach(), copy)
        assert not tensor.is_leaf or tensor.grad is None
    assert pixels.requires_grad == dtype.is_floating_point


def _state(net):
    hooks = ('_forward_hooks', '_forward_pre_hooks', '_backward_hooks', '_backward_pre_hooks')
    return {
        'training': [module.training for module in net.modules()],
        'requires_grad': [parameter.requires_grad for parameter in net.parameters()],
        'grad': [parameter.grad for parameter in net.parameters()],
        'hooks': [len(getattr(module, name)) for module in net.modules() for name in hooks],
        'values': {name: value.clone() for name, value in net.state_dict().items()},
    }


def _half_trained_net():
    """Training mode, a frozen batch norm, a frozen layer: none of it uniform."""
    net = ConvNet().train()
    net[1].eval()
    net[4].weight.requires_grad_(False)
    return net


def test_victim_is_left_as_it_was(attack_class):
    net = _half_trained_net()
    before = _state(net)
    pixels = clips(3).float()
    with torch.no_grad():
        labels = ConvNet().eval()(pixels).argmax(dim=1)
    outcomes = build(attack_class, Linf(8))(FunctionVictim(net), pixels, labels)
    assert all(outcome.attacked for outcome in outcomes)
    after = _state(net)
    assert before.pop('values').keys() == after['values'].keys()
    for name, value in after.pop('values').items():
        assert torch.equal(value, net.state_dict()[name])
        assert torch.equal(value, _half_trained_net().state_dict()[name])
    assert before == after


def test_a_net_that_the_victim_hides_gets_no_gradients(attack_class):
    net, pixels = ConvNet().eval(), clips(2).float()
    victim = FunctionVictim(lambda pixels: net(pixels))
    before = _state(net)
    build(attack_class, Linf(8))(victim, pixels, predicted(victim, pixels))
    after = _state(net)
    del before['values'], after['values']
    assert before == after
    assert all(parameter.grad is None for parameter in net.parameters())


def test_victim_is_restored_after_an_error(attack_class):
    class Failing(ConvNet):
        def forward(self, pixels):
            raise RuntimeError('out of memory')

    net = Failing().train()
    with pytest.raises(RuntimeError, match='out of memory'):
        build(attack_class, Linf(8))(FunctionVictim(net), clips(2).float(), torch.zeros(2).long())
    assert all(module.training for module in net.modules())
    assert all(parameter.requires_grad for parameter in net.parameters())


@pytest.mark.parametrize('threat', [Linf(0), L2(0)], ids=['linf', 'l2'])
def test_no_budget_no_change(attack_class, threat):
    victim = FunctionVictim(ConvNet().eval())
    pixels = clips(3).float()
    for outcome, clean in zip(
        build(attack_class, threat)(victim, pixels, predicted(victim, pixels)), pixels, strict=True
    ):
        assert torch.equal(outcome.adversarial.float(), clean)
        assert not outcome.success
        assert outcome.linf == outcome.l2 == outcome.frames == 0
        assert 'unchanged' in outcome.flags


def test_no_grad_around_it_changes_nothing(attack_class):
    victim = FunctionVictim(ConvNet().eval())
    pixels = clips(2).float()
    labels, attack = predicted(victim, pixels), build(attack_class, Linf(8))
    outside = attack(victim, pixels, labels)
    with torch.no_grad():
        inside = attack(victim, pixels, labels)
    for one, other in zip(outside, inside, strict=True):
        assert torch.equal(one.adversarial, other.adversarial)
        assert one.backwards == other.backwards


def test_clean_outputs_that_are_known_change_nothing(attack_class):
    victim = FunctionVictim(ConvNet().eval())
    pixels = clips(2).float()
    labels, attack = predicted(victim, pixels), build(attack_class, Linf(8))
    with torch.no_grad():
        # As from a clean pass in another precision.
        known = victim(pixels).double()
    given = attack(victim, pixels, labels, clean_outputs=known)
    for one, other in zip(attack(victim, pixels, labels), given, strict=True):
        assert torch.equal(one.adversarial, other.adversarial)
        assert one.success == other.success
