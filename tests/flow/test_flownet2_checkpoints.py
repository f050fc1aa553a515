"""Checkpoint files of NVIDIA's layout, and those that are refused."""

import re
from collections import OrderedDict

import numpy as np
import pytest
import torch

from mmrobust.flow.flownet2.checkpoint import MEMBERS
from mmrobust.registry import FLOWS

WIDTH = 0.02


def build(member='FlowNet2CS', checkpoint=None, width=WIDTH):
    return FLOWS.build({'type': member, 'width': width, 'checkpoint': checkpoint})


@pytest.fixture
def trained():
    """A cascade whose weights no start has."""
    torch.manual_seed(11)
    return build()


def weights(estimator):
    return estimator.network.state_dict()


LAYOUTS = {
    'nvidia': lambda e: {'epoch': 0, 'arch': 'any', 'state_dict': weights(e), 'best_EPE': 1e10},
    'numpy': lambda e: {'state_dict': weights(e), 'best_EPE': np.float32(2.5)},
    'bare': weights,
    'ordered': lambda e: OrderedDict(weights(e)),
    'parallel': lambda e: {'state_dict': {f'module.{k}': v for k, v in weights(e).items()}},
    'estimator': lambda e: e.state_dict(),
    'parallel estimator': lambda e: {f'module.{k}': v for k, v in e.state_dict().items()},
    'half': lambda e: {k: v.half().float() for k, v in weights(e).items()},
}


@pytest.mark.parametrize('layout', LAYOUTS)
@pytest.mark.parametrize('zipped', [True, False])
def test_files_are_read_back(trained, tmp_path, layout, zipped):
    path = tmp_path / 'weights.pth.tar'
    torch.save(LAYOUTS[layout](trained), path, _use_new_zipfile_serialization=zipped)
    found = weights(build(checkpoint=str(path)))
    expected = weights(trained)
    assert found.keys() == expected.keys()
    tolerance = 1e-3 if layout == 'half' else 0
    for name in found:
        torch.testing.assert_close(found[name], expected[name], rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize('member', MEMBERS)
def test_file_of_another_member_is_named(tmp_path, member):
    path = str(tmp_path / 'weights.pth')
    torch.save({'state_dict': weights(build(member))}, path)
    build(member, path)
    asked = 'FlowNet2C' if member != 'FlowNet2C' else 'FlowNet2S'
    with pytest.raises(ValueError, match=f'be of {asked}, got one of {member}: .*weights.pth'):
        build(asked, path)


def test_file_of_another_width_is_named(trained, tmp_path):
    path = str(tmp_path / 'weights.pth')
    torch.save(weights(trained), path)
    with pytest.raises(ValueError, match=r'other shapes.*width is about 0.0195'):
        build(checkpoint=path, width=0.1)


@pytest.mark.parametrize('bad', [float('nan'), float('inf')])
def test_weights_that_are_no_numbers_are_refused(trained, tmp_path, bad):
    path, state = str(tmp_path / 'weights.pth'), weights(trained)
    state['flownets_1.conv3.0.weight'][0, 0, 1, 1] = bad
    torch.save(state, path)
    with pytest.raises(
        ValueError, match=r'weights.pth: .*NaN or inf in flownets_1\.conv3\.0\.weight'
    ):
        build(checkpoint=path)


def test_missing_and_unknown_tensors_are_named(trained, tmp_path):
    path, state = str(tmp_path / 'weights.pth'), weights(trained)
    state['flownets_1.conv9.0.bias'] = state.pop('flownets_1.conv6.0.bias')
    torch.save(state, path)
    with pytest.raises(ValueError, match=r'(?s)conv6\.0\.bias.*conv9\.0\.bias'):
        build(checkpoint=path)


@pytest.mark.parametrize('content', [{}, {'epoch': 3}, [1, 2], {'state_dict': None}])
def test_files_without_tensors_are_refused(tmp_path, content):
    path = tmp_path / 'weights.pth'
    torch.save(content, path)
    with pytest.raises(ValueError, match=re.escape(f'dict of named tensors, got {str(path)!r}')):
        build(checkpoint=str(path))


def test_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match='nowhere'):
        build(checkpoint=str(tmp_path / 'nowhere.pth'))


def test_code_in_a_file_is_not_run(tmp_path):
    class Code:
        def __reduce__(self):
            return (pytest.fail, ('the pickle was run',))

    path = tmp_path / 'weights.pth'
    torch.save({'state_dict': {}, 'epoch': Code()}, path)
    with pytest.raises(Exception, match='refused'):
        build(checkpoint=str(path))
