"""``tools/attack.py`` on frames whose poses are estimated: report, replay, surrogates, controls."""

import json

import pytest
import torch
from mmengine.config import Config

from mmrobust.cli.attack import main
from mmrobust.cli.corrupt import main as corrupt
from mmrobust.cli.verify import main as verify
from mmrobust.ledger.ledger import read_entries
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

DEMO = ROOT / 'configs' / 'demo' / 'chain' / 'stgcnpp_tiny-heatmap_synthetic-rgb.py'
OPTIONS = ['--max-samples', '2', '--cfg-options', 'attack.goal.reference=prediction']


@pytest.fixture(scope='module')
def victim(tmp_path_factory):
    """The demo's chain on six frames of each video, with random weights of the recogniser."""
    from mmaction.registry import MODELS

    folder, cfg = tmp_path_factory.mktemp('chain'), Config.fromfile(DEMO)
    cfg.test_dataloader.dataset.update(num_videos=2, window=6)
    cfg.test_dataloader.batch_size = 2
    for name in ('config', 'checkpoint'):
        cfg.model.pose_estimator[name] = str(ROOT / cfg.model.pose_estimator[name])
    path, other, weights = folder / 'chain.py', folder / 'pose_alone.py', folder / 'weights.pth'
    cfg.dump(path)
    torch.manual_seed(0)
    plain = {k: v for k, v in cfg.model.items() if k in ('backbone', 'cls_head')}
    built = MODELS.build({'type': 'RecognizerGCN', **plain})
    torch.nn.init.normal_(built.cls_head.fc.weight, std=3.0)
    torch.save({'state_dict': built.state_dict()}, weights)
    cfg.model.aim = 'pose'
    cfg.dump(other)
    return str(path), str(weights), str(other)


@pytest.fixture(scope='module')
def attacked(victim, tmp_path_factory):
    folder = tmp_path_factory.mktemp('run')
    target = ['--work-dir', str(folder / 'work'), '--save-adv', str(folder / 'adv')]
    assert main([*victim[:2], '--attack', 'FGSM', *target, *OPTIONS]) == 0
    return folder


def test_chain_run_reports_what_became_of_poses(attacked):
    card = json.loads((attacked / 'work' / 'report.json').read_text())
    rows = read_entries(attacked / 'work').values()
    assert (card['space'], card['evaluated'], len(rows)) == ('video', 2, 2)
    for row in rows:
        assert row['joint_displacement'] > 0
        assert row['oks'] < 1
        assert row['score_change'] != 0
        assert row['frames_without_person'] == 0
        assert row['frames'] == row['frames_total'] == 6
        assert 'scores_disagree' not in row['flags']
    mean = sum(row['oks'] for row in rows) / 2
    assert card['chain']['oks'] == pytest.approx(mean)
    assert 'joint, boxes' in (attacked / 'work' / 'report.html').read_text()


def test_chain_run_is_replayed_by_the_stock_test(victim, attacked, capsys):
    assert verify([*victim[:2], str(attacked / 'work')]) == 0
    assert '2 of 2 predictions are those of the report' in capsys.readouterr().out


def test_chain_run_with_a_surrogate_of_the_pose_alone(victim, tmp_path):
    given = ['--attack', 'FGSM', '--surrogate', victim[2], victim[1]]
    assert main([*victim[:2], *given, '--work-dir', str(tmp_path), *OPTIONS]) == 0
    for row in read_entries(tmp_path).values():
        # The same estimator before both.
        for name in ('joint_displacement', 'oks', 'score_change'):
            assert row[f'surrogate_{name}'] == row[name]
        assert row['joint_displacement'] > 0
    card = json.loads((tmp_path / 'report.json').read_text())
    assert card['chain']['surrogate_oks'] == card['chain']['oks']


def test_chain_run_refuses_a_surrogate_for_a_victim(victim, tmp_path, capsys):
    assert main([victim[2], victim[1], '--attack', 'FGSM', '--work-dir', str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert "model.aim must be action, but in a surrogate's config, got 'pose'" in error
    assert len(error.strip().splitlines()) == 1


def test_chain_run_with_scores_held(victim, tmp_path):
    given = ['--attack', 'FGSM', '--work-dir', str(tmp_path), *OPTIONS, 'model.scores=clean']
    assert main([*victim[:2], *given]) == 0
    assert not any('scores_disagree' in r['flags'] for r in read_entries(tmp_path).values())


def test_chain_run_without_boxes_is_refused_in_one_line(victim, tmp_path, capsys):
    cfg = Config.fromfile(victim[0])
    steps = cfg.test_dataloader.dataset.pipeline
    cfg.test_dataloader.dataset.pipeline = [s for s in steps if 'FrameBoxes' not in s.type]
    cfg.dump(tmp_path / 'config.py')
    given = [str(tmp_path / 'config.py'), victim[1], '--work-dir', str(tmp_path / 'w')]
    assert main([*given, '--attack', 'FGSM']) == 1
    error = capsys.readouterr().err
    assert 'boxes must be packed with every video (mmrobust.FrameBoxes before' in error
    assert len(error.strip().splitlines()) == 1


def test_chain_run_under_corruption(victim, tmp_path):
    given = ['--corruptions', 'fog', '--severities', '3', '--max-samples', '2']
    assert corrupt([*victim[:2], *given, '--work-dir', str(tmp_path)]) == 0
    assert json.loads((tmp_path / 'report.json').read_text())['n'] == 2
