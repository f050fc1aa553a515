"""The reproduction runs from nothing to its table of claims."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest
import torch

from mmrobust.studies.scripts import stale
from mmrobust.studies.spec import read_study
from projects.optical_flow_attack import prepare
from projects.optical_flow_attack.prepare import DataSet
from tests.conftest import ROOT
from tools.train_flownet import Pairs, multi_scale_loss

PROJECT = ROOT / 'projects' / 'optical_flow_attack'


def studied(folder):
    return read_study(PROJECT / 'study.py', folder, overrides={}, quick=True)


@pytest.fixture
def data(tmp_path):
    study = studied(tmp_path)
    (victim,) = study.victims
    found = study.data_set(victim)
    found.folder.mkdir()
    return found


def touch(path, seconds):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('')
    os.utime(path, (seconds, seconds))


def test_a_file_is_stale_when_missing_or_older_than_an_input(tmp_path):
    made, old, new = (tmp_path / name for name in ('made', 'old', 'new'))
    touch(old, 100)
    touch(new, 300)
    assert stale(made)
    touch(made, 200)
    assert not stale(made)
    assert not stale(made, old)
    assert stale(made, old, new)


def test_what_depends_on_a_newer_file_is_made_again(data, monkeypatch):
    tmp_path = data.folder
    shipped = tmp_path / 'shipped.pth'
    touch(shipped, 1)
    done = []
    clock = iter(range(1000, 2000))

    def made(name, path):
        done.append(name)
        touch(path, next(clock))

    def trained(_, backend, flow):
        made(f'cnn {backend}', tmp_path / f'cnn_{backend.lower()}' / 'last_checkpoint')

    monkeypatch.setattr(prepare, 'SHIPPED', shipped)
    monkeypatch.setattr(DataSet, '_tune', lambda self: made('tune', self.tuned))
    monkeypatch.setattr(DataSet, '_flow', lambda _, backend, path: made(f'flow {backend}', path))
    monkeypatch.setattr(DataSet, '_train', trained)
    backends = ('FlowNet2SD', 'TVL1')
    everything = ['tune', 'flow FlowNet2SD', 'cnn FlowNet2SD', 'flow TVL1', 'cnn TVL1']

    def prepared():
        done.clear()
        data.prepare(backends)
        return done

    assert prepared() == everything
    assert prepared() == []
    touch(tmp_path / 'flow_tvl1.npz', next(clock))
    assert prepared() == ['cnn TVL1']
    touch(data.tuned, next(clock))
    assert prepared() == ['flow FlowNet2SD', 'cnn FlowNet2SD']
    data.victim = replace(data.victim, tuning=data.victim.tuning + 1)
    assert prepared() == everything
    data.victim = replace(data.victim, samples=9, carried=9, whole=9)
    assert prepared() == []


def test_only_the_flow_of_the_training_videos_takes_worker_processes(data):
    assert data.estimator('TVL1')['workers'] == 0
    assert data.estimator('TVL1', prepare.WORKERS)['workers'] == 2
    assert 'workers' not in data.estimator('FlowNet2SD', prepare.WORKERS)


def test_pixels_that_move_count_more_in_fine_tuning():
    frames = np.zeros((3, 8, 12, 3), np.uint8)
    flow = np.zeros((2, 2, 8, 12), np.float32)
    flow[:, 0, 2, 3] = 3.0
    flow[:, 1, 2, 3] = 4.0
    pairs = Pairs([(frames, flow)], 0, crop=(8, 10), still=0.0, emphasis=2.0)
    for _ in range(10):
        _, _, field, weight = pairs.batch(1)
        # The shift of the crops is in the flow and not in the weights.
        moving = weight[0, 0] == 11
        assert weight[0, 0].sum() == 80 + 10 * moving.sum()
        shift = field[0][:, ~moving][:, 0]
        moved = (field[0][:, moving] - shift[:, None]).abs()
        assert torch.equal(moved, torch.tensor([[3.0], [4.0]]).expand(2, int(moving.sum())))


def test_loss_weighs_endpoint_errors_of_every_level():
    flow = torch.zeros(1, 2, 64, 64)
    weight = torch.ones(1, 1, 64, 64)
    weight[..., :32] = 3.0
    found = torch.zeros(1, 2, 16, 16)
    found[:, 0, :, :8] = 2.0
    # Half of the pixels are off by 2 and count three times.
    loss = multi_scale_loss([found], flow, weight)
    assert loss.item() == pytest.approx(0.32 * 0.5 * 3 * 2, rel=0.01)


@pytest.mark.slow
def test_quick_reproduction_reaches_its_claims(run_quick, tmp_path):
    printed = run_quick(PROJECT.name, tmp_path)
    folder = tmp_path / 'quick' / 'synthetic'
    text = (folder.parent / 'results.md').read_text()
    assert text in printed
    verdicts = [line.split('|')[-2].strip() for line in text.splitlines() if line[:3] == '| (']
    assert len(verdicts) == 17
    assert set(verdicts) <= {'held', 'did not hold', 'undecided'}
    sweep = json.loads((folder / 'stack_oneshot' / 'sweep.json').read_text())
    last = sweep['points'][-1]
    # Whatever the hasty victim predicts is attacked.
    assert last['attacked'] == last['n'] > 0
    assert last['success_rate'] > 0.5
    card = json.loads((folder / 'transfer_oneshot' / 'transfer.json').read_text())
    white, *_ = [cell for cell in card['cells'] if cell['white_box'] and cell['eps'] > 5]
    assert white['success_rate'] > 0.5

    again = run_quick(PROJECT.name, tmp_path)
    assert '8 runs, 0 to do' in again
    assert (folder.parent / 'results.md').read_text() == text
