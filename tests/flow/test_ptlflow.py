"""The adapter of ptlflow, on a stand-in with its interface."""

import sys
from types import ModuleType

import pytest
import torch

from mmrobust.registry import FLOWS


class Network(torch.nn.Module):
    """Takes and returns what ptlflow's networks do; the flow shows the channels."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor(2.0))
        self.dropout = torch.nn.Dropout()

    def forward(self, inputs):
        images = inputs['images']
        assert images.shape[1:3] == (2, 3)
        assert images.min() >= 0
        assert images.max() <= 1
        blue, red = images[:, 0, 0], images[:, 1, 2]
        return {'flows': self.dropout(self.weight * torch.stack([blue, red], dim=1)[:, None])}


@pytest.fixture
def asked(monkeypatch):
    """What the stand-in's get_model was asked for."""
    calls = []

    def get_model(model_name, ckpt_path=None, args=None):
        calls.append((model_name, ckpt_path))
        return Network()

    library = ModuleType('ptlflow')
    library.get_model = get_model
    monkeypatch.setitem(sys.modules, 'ptlflow', library)
    return calls


def test_frames_go_in_as_bgr_from_zero_to_one(asked):
    estimator = FLOWS.build({'type': 'PTLFlow', 'model': 'sea_raft_s', 'checkpoint': 'things'})
    assert asked == [('sea_raft_s', 'things')]
    frames = torch.rand(2, 3, 3, 5, 7, generator=torch.Generator().manual_seed(0)) * 255
    flow = estimator(frames)
    expected = torch.stack([frames[:, :-1, 2], frames[:, 1:, 0]], dim=2) * 2 / 255
    torch.testing.assert_close(flow, expected)
    assert estimator(frames.double()).dtype == torch.float32


def test_gradients_reach_the_frames(asked):
    frames = torch.rand(1, 2, 3, 5, 7).mul(255).requires_grad_()
    flow = FLOWS.build({'type': 'PTLFlow'})(frames)
    (gradient,) = torch.autograd.grad(flow.sum(), frames)
    expected = torch.zeros_like(frames)
    expected[:, 0, 2] = expected[:, 1, 0] = 2 / 255
    torch.testing.assert_close(gradient, expected)


def test_without_ptlflow_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, 'ptlflow', None)
    with pytest.raises(ImportError, match='^PTLFlow needs ptlflow: pip install ptlflow$'):
        FLOWS.build({'type': 'PTLFlow'})
