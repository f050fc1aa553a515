"""A frozen network stands still inside and is as before afterwards."""

import pytest
import torch
from torch import nn

from mmrobust.victims import frozen


class Checkpointed(nn.Linear):
    """As OpenMMLab's blocks: ``with_cp`` recomputes activations."""

    def __init__(self, with_cp):
        super().__init__(4, 4)
        self.with_cp = with_cp


def _net():
    """No two neighbours in the same mode, nor with the same flags."""
    net = nn.Sequential(
        nn.Linear(4, 4),
        nn.BatchNorm1d(4),
        nn.Sequential(nn.Dropout(0.5), nn.BatchNorm1d(4)),
        Checkpointed(True),
        Checkpointed(False),
    ).train()
    net[1].eval()
    net[2][0].eval()
    net[0].bias.requires_grad_(False)
    return net


def _state(net):
    return (
        [module.training for module in net.modules()],
        [parameter.requires_grad for parameter in net.parameters()],
        [module.with_cp for module in net if hasattr(module, 'with_cp')],
    )


def test_still_inside_restored_after():
    net = _net()
    before = _state(net)
    assert len(set(before[0])) == len(set(before[1])) == 2
    with frozen(net):
        training, requires_grad, with_cp = _state(net)
        assert not any(training + requires_grad + with_cp)
    assert _state(net) == before


def test_restored_after_an_error():
    net = _net()
    before = _state(net)
    with pytest.raises(KeyError), frozen(net):
        raise KeyError
    assert _state(net) == before


def test_nested_freezes_restore_in_turn():
    net = _net()
    before = _state(net)
    with frozen(net):
        with frozen(net):
            pass
        assert not any(sum(_state(net), []))
    assert _state(net) == before


def test_restored_though_the_attack_changed_modes():
    net = _net()
    before = _state(net)
    with frozen(net):
        net.train()
        net.requires_grad_(True)
    assert _state(net) == before


def test_a_net_whose_train_freezes_layers_is_restored_too():
    class NormEval(nn.Sequential):
        """As OpenMMLab's backbones: ``train`` keeps the norms in evaluation mode."""

        def train(self, mode=True):
            super().train(mode)
            self[1].eval()
            self[0].requires_grad_(False)
            return self

    net = NormEval(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5)).train()
    net[0].weight.requires_grad_(True)
    before = [p.requires_grad for p in net.parameters()], [m.training for m in net.modules()]
    with frozen(net):
        assert not any(module.training for module in net.modules())
    after = [p.requires_grad for p in net.parameters()], [m.training for m in net.modules()]
    assert before == after


def test_gradients_of_the_input_alone():
    net = _net()
    buffers = {name: value.clone() for name, value in net.named_buffers()}
    pixels = torch.randn(3, 4, requires_grad=True)
    with frozen(net):
        first, second = net(pixels), net(pixels)
        assert torch.equal(first, second)
        first.sum().backward()
    assert pixels.grad.any()
    assert all(parameter.grad is None for parameter in net.parameters())
    for name, value in net.named_buffers():
        assert torch.equal(value, buffers[name])


def test_nothing_to_freeze():
    with frozen(None):
        pass
