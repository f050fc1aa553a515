"""Distributed runs without CUDA: one real gloo group, and the decisions in isolation."""

import socket

import pytest
import torch
from mmengine.dist import init_dist
from mmengine.dist import utils as dist_utils
from mmengine.model import MMDistributedDataParallel

from mmrobust.compat import cpu_distributed, heal


@pytest.fixture
def chosen(monkeypatch) -> list:
    """Devices chosen through torch.cuda."""
    devices: list = []
    monkeypatch.setattr(torch.cuda, 'set_device', devices.append)
    return devices


def launch(backend, **kwargs):
    torch.cuda.set_device(0)
    if kwargs.get('fail'):
        raise ValueError('no group')


@pytest.mark.parametrize(
    ('backend', 'cuda', 'expected'),
    [('gloo', False, []), ('gloo', True, [0]), ('nccl', False, [0])],
)
def test_device_is_chosen_unless_gloo_without_cuda(monkeypatch, chosen, backend, cuda, expected):
    monkeypatch.setattr(cpu_distributed, '_has_cuda', lambda: cuda)
    cpu_distributed.without_cuda(launch)(backend)
    assert chosen == expected


def test_set_device_is_restored_after_a_failure(monkeypatch, chosen):
    monkeypatch.setattr(cpu_distributed, '_has_cuda', lambda: False)
    with pytest.raises(ValueError, match='no group'):
        cpu_distributed.without_cuda(launch)('gloo', fail=True)
    torch.cuda.set_device(3)
    assert chosen == [3]


@pytest.mark.parametrize(
    ('cuda', 'device', 'expected'), [(False, 'cpu', None), (True, 'cpu', [0]), (False, 'meta', [0])]
)
def test_wrapper_gets_no_device_without_cuda(monkeypatch, cuda, device, expected):
    monkeypatch.setattr(cpu_distributed, '_has_cuda', lambda: cuda)
    given = {}
    init = cpu_distributed.without_devices(lambda self, module, **kwargs: given.update(kwargs))
    init(None, torch.nn.Linear(1, 1, device=device), device_ids=[0])
    assert given['device_ids'] == expected


@pytest.fixture
def single_process(monkeypatch) -> None:
    """One rank as torchrun would start it, on a machine without CUDA."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    rank = {'RANK': '0', 'LOCAL_RANK': '0', 'WORLD_SIZE': '1'}
    for name, value in {**rank, 'MASTER_ADDR': '127.0.0.1', 'MASTER_PORT': str(port)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(cpu_distributed, '_has_cuda', lambda: False)
    # Otherwise init_dist fixes the start method of this whole process.
    monkeypatch.setattr(dist_utils.mp, 'get_start_method', lambda **kwargs: 'fork')
    heal()
    yield
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


@pytest.mark.usefixtures('single_process')
def test_gloo_group_with_mmengine():
    init_dist('pytorch', backend='gloo')
    assert torch.distributed.get_backend() == 'gloo'
    model = MMDistributedDataParallel(torch.nn.Linear(2, 1), device_ids=[0])
    assert model(torch.zeros(3, 2)).shape == (3, 1)


@pytest.mark.usefixtures('single_process')
@pytest.mark.skipif(torch.backends.cuda.is_built(), reason='this torch was built with CUDA')
def test_gloo_group_fails_unhealed():
    with pytest.raises(AttributeError, match='_cuda_setDevice'):
        dist_utils._init_dist_pytorch.__wrapped__('gloo')
    dist_utils._init_dist_pytorch('gloo')
    with pytest.raises(ValueError, match='device_ids'):
        MMDistributedDataParallel.__init__.__wrapped__(
            object.__new__(MMDistributedDataParallel), torch.nn.Linear(2, 1), device_ids=[0]
        )
