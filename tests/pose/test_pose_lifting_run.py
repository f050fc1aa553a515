"""``tools/attack.py`` on lifters: metrics of MMPose, a report, pictures."""

import json

import numpy as np
import pytest
import torch
from lifting_toys import LIFTERS, build_lifter, dataset_config, write_h36m
from mmengine.config import Config

from mmrobust.cli.attack import main
from mmrobust.ledger.ledger import read_entries
from mmrobust.victims import LifterVictim

pytestmark = pytest.mark.slow

FEW = ['--cfg-options', 'attack.steps=2', 'attack.goal.reference=prediction']
START = ['attack.random_start=True', 'attack.goal.tau=0.001']


@pytest.fixture(scope='module', autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def write_config(name, folder, **options):
    """A config of MMPose's kind, and random weights."""
    model, _, _ = LIFTERS[name]
    loader = {
        'batch_size': 2,
        'num_workers': 0,
        'sampler': {'type': 'DefaultSampler', 'shuffle': False},
        'dataset': dataset_config(name, folder),
    }
    evaluators = [{'type': 'MPJPE', 'mode': mode} for mode in ('mpjpe', 'p-mpjpe')]
    config = {
        'default_scope': 'mmpose',
        'model': model,
        'test_dataloader': loader,
        'test_cfg': {},
        'test_evaluator': evaluators,
        **options,
    }
    path = folder / f'{name}.py'
    Config(config).dump(path)
    weights = folder / f'{name}.pth'
    torch.save({'state_dict': build_lifter(name).state_dict()}, weights)
    return path, weights


@pytest.fixture(scope='module')
def h36m(tmp_path_factory):
    return write_h36m(tmp_path_factory.mktemp('h36m'))


@pytest.mark.parametrize('name', ['image', 'motionbert'])
def test_pose_lifting_run_reports_clean_and_adversarial_metrics(name, h36m, tmp_path):
    config, weights = write_config(name, h36m)
    status = main(
        [str(config), str(weights), '--attack', 'PGD', '--work-dir', str(tmp_path), *FEW, *START]
    )
    assert status == 0
    card = json.loads((tmp_path / 'report.json').read_text())
    rows = list(read_entries(tmp_path).values())
    expected = 18 if name == 'image' else 2
    assert (card['space'], card['evaluated'], len(rows)) == ('keypoints', expected, expected)
    # One frame or nine per sample, all joints visible: the metric is the mean of the rows.
    for side in ('clean', 'adversarial'):
        mean = np.mean([row[f'{side}_mpjpe'] for row in rows])
        assert card[side]['MPJPE'] == pytest.approx(mean, rel=1e-5)
    assert card['success_rate'] == 1.0
    assert all(row.keys() >= {*LifterVictim.record_keys} for row in rows)
    assert all(row['shift'] > 0.001 and row['linf'] <= 8.0 + 1e-9 for row in rows)
    page = (tmp_path / 'report.html').read_text()
    assert 'pixels of the picture' in page
    assert 'grey level' not in page.lower()
    pictures = sorted((tmp_path / 'previews').glob('*.png'))
    assert len(pictures) == min(expected, 4)


def test_pose_lifting_run_clean_metrics_are_those_of_mmpose(h36m, tmp_path):
    from mmengine.runner import Runner

    config, weights = write_config('video', h36m)
    cfg = Config.fromfile(config)
    cfg.work_dir, cfg.load_from = str(tmp_path / 'stock'), str(weights)
    stock = Runner.from_cfg(cfg).test()
    arguments = [str(config), str(weights), '--attack', 'PGD', '--work-dir', str(tmp_path / 'a')]
    assert main([*arguments, *FEW, *START]) == 0
    card = json.loads((tmp_path / 'a' / 'report.json').read_text())
    assert card['clean'] == {k: pytest.approx(v, rel=1e-6) for k, v in stock.items()}


def test_pose_lifting_run_saves_no_videos(h36m, tmp_path, capsys):
    config, weights = write_config('image', h36m)
    target = ['--save-adv', str(tmp_path / 'adv'), '--work-dir', str(tmp_path / 'work')]
    assert main([str(config), str(weights), *target]) == 1
    assert 'space must be "video" with save_adv' in capsys.readouterr().err
