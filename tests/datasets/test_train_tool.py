import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SMALL = [
    'train_dataloader.dataset.num_videos=8',
    'val_dataloader.dataset.num_videos=2',
    'train_cfg.val_interval=1',
]


def train(out, epochs, *more):
    command = [
        *(sys.executable, 'tools/train.py', 'configs/demo/i3d-tiny_16x1x2_synthetic-rgb.py'),
        *('--work-dir', str(out), *more),
        *('--cfg-options', *SMALL, f'train_cfg.max_epochs={epochs}'),
    ]
    environment = {**os.environ, 'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout + done.stderr


@pytest.mark.slow
def test_train_then_resume(tmp_path):
    log = train(tmp_path, 1)
    assert 'Epoch(val) [1]' in log
    assert (tmp_path / 'epoch_1.pth').is_file()
    log = train(tmp_path, 2, '--resume')
    assert 'resumed epoch: 1' in log
    assert 'Epoch(val) [2]' in log
    assert 'Epoch(val) [1]' not in log
    assert (tmp_path / 'epoch_2.pth').is_file()
