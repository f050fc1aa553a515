"""Neither the import nor a call from Python leaves the process other than it was."""

import os
import random

import numpy as np
import pytest
import torch
from mmengine.logging import MMLogger
from mmengine.registry import DefaultScope, init_default_scope

import mmrobust as mr
from mmrobust.engine.process_settings import on_device, randomness_kept, settings_kept
from tests.compat.conftest import run  # noqa: F401  (a fixture)
from tests.conftest import CONFIGS
from tests.process_state import differences, settings

IMPORT = """
import torch, cv2, mmengine.logging, mmengine.registry
from tests.process_state import differences, settings
before, finders = settings(), list(__import__('sys').meta_path)
load = torch.load
import mmrobust
assert torch.load is load
print(differences(before, settings()))
"""


def test_the_import_changes_nothing(run):  # noqa: F811
    result = run(IMPORT, bare=False)
    assert result.stdout == '[]\n', result.stderr


CALLS = """
import numpy as np, sys
import mmaction.visualization, mmaction.evaluation, mmengine.runner, matplotlib.pyplot
import decord
import mmrobust as mr
from tests.process_state import differences, settings

def compared(call):
    before = settings()
    found = call()
    print('changes:', differences(before, settings()))
    return found

model = [f'ROOT/{name}' for name in (
    'configs/demo/i3d-tiny_16x1x2_synthetic-rgb.py', 'mmrobust/resources/demo_victim.pth')]
victim = compared(lambda: mr.load_victim(*model))
video = np.random.default_rng(0).integers(0, 256, (16, 64, 80, 3), dtype=np.uint8)
compared(lambda: mr.attack(victim, video, mr.PGD(steps=2)))
compared(lambda: mr.evaluate(
    *model, work_dir='out', max_samples=2, device='cpu', options={'attack.steps': 2}))
"""


@pytest.mark.slow
def test_calls_change_nothing(run, root):  # noqa: F811
    # The imports of the stack itself are no call of ours: they come first, healed.
    code = CALLS.replace('ROOT', str(root)).replace('import numpy', 'import mmrobust, numpy', 1)
    result = run(code, bare=False)
    changes = [line for line in result.stdout.splitlines() if line.startswith('changes:')]
    assert changes == ['changes: []'] * 3, result.stderr


def test_an_error_inside_leaves_nothing_behind():
    init_default_scope('mmaction')
    before = settings()

    @settings_kept()
    @randomness_kept()
    def fails():
        init_default_scope('mmpose')
        DefaultScope.get_instance('other', scope_name='mmdet')
        MMLogger.get_instance('other')
        torch.backends.cudnn.benchmark = True
        torch.use_deterministic_algorithms(True)
        torch.manual_seed(3), np.random.seed(3), random.seed(3)
        raise RuntimeError('any')

    with pytest.raises(RuntimeError, match='any'):
        fails()
    assert differences(before, settings()) == []
    assert DefaultScope.get_current_instance().scope_name == 'mmaction'


def test_log_files_of_a_run_that_is_over_are_closed(tmp_path):
    with settings_kept():
        logger = MMLogger.get_instance('over', log_file=str(tmp_path / 'log'))
        (handler,) = [one for one in logger.handlers if hasattr(one, 'baseFilename')]
        logger.warning('written')
    assert handler.stream is None
    assert not MMLogger.check_instance_created('over')


def test_a_device_is_chosen_without_hiding_others(monkeypatch):
    from mmengine.device import get_device

    monkeypatch.setattr('mmengine.device.utils.DEVICE', 'mps')
    before = dict(os.environ)
    with on_device('cpu'):
        assert get_device() == 'cpu'
        assert dict(os.environ) == before
    assert get_device() == 'mps'
    with on_device(None):
        assert get_device() == 'mps'


@pytest.mark.parametrize('device', ['cuda:-1', 'cuda:x', 'gpu', '', 'cuda:99', 'cuda:', 'cpu:0'])
def test_no_such_device(device):
    with (
        pytest.raises(ValueError, match='^device (must be|cuda:.*: torch finds)'),
        on_device(device),
    ):
        pass


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
def test_the_gpu_is_taken_and_left():
    from mmengine.device import get_device

    last = torch.cuda.device_count() - 1
    with on_device(f'cuda:{last}'):
        assert torch.zeros(1).to(get_device()).device.index == last
    assert torch.cuda.current_device() == 0


def test_a_victim_is_loaded_without_drawing_the_processs_numbers(checkpoints):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    mr.load_victim(CONFIGS / 'tiny_3d.py', checkpoints['tiny_3d'])
    assert torch.equal(torch.rand(3), expected)
