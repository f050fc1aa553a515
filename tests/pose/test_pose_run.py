"""A pose estimator under attack from the command line, through the config's own evaluator."""

import json
from statistics import mean

import numpy as np
import pytest
import torch
from mmengine.config import Config
from pose_toys import random_checkpoint

from mmrobust.cli.attack import main
from mmrobust.ledger.ledger import read_entries
from mmrobust.victims import PoseVictim
from tests.conftest import ROOT

CONFIG = ROOT / 'configs' / 'demo' / 'pose' / 'td-hm_tiny-r18_synthetic-64x80.py'
SMALL = ('test_dataloader.dataset.num_videos=2', 'test_dataloader.dataset.frames_per_video=2')


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory):
    return random_checkpoint(CONFIG, tmp_path_factory.mktemp('weights'))


def attack(checkpoint, out, *options, arguments=()):
    words = [CONFIG, checkpoint, '--attack', 'PGD', '--work-dir', out, *arguments, '--cfg-options']
    words += [*SMALL, 'attack.steps=3', 'attack.threat.eps=16', *options]
    return main([str(word) for word in words])


def card(out):
    return json.loads((out / 'report.json').read_text())


PREDICTION = 'attack.goal.reference=prediction'
TAU = 'attack.goal.tau=0.05'


@pytest.fixture(scope='module')
def run(checkpoint, tmp_path_factory):
    out = tmp_path_factory.mktemp('run')
    assert attack(checkpoint, out, PREDICTION, TAU) == 0
    return out


def test_pose_run_leaves_report_ledger_and_pictures(run):
    report, rows = card(run), [read_entries(run)[index] for index in range(4)]
    assert report['goal']['type'] == 'CorruptPose'
    assert report['space'] == 'crop'
    assert report['n'] == report['evaluated'] == 4
    assert len(report['joints']) == 14
    assert report['clean'].keys() == report['adversarial'].keys() >= {'PCK', 'EPE', 'coco/AP'}
    assert report['success_rate'] == sum(row['success'] for row in rows) / 4
    for row in rows:
        assert row.keys() >= {*PoseVictim.record_keys}
        assert row['linf'] <= 16
        assert len(row['adversarial_joints']) == len(row['clean_joint_errors']) == 14
        assert row['clean_oks'] is not None
        assert row['flags'] == [] or row['flags'] == ['zero_gradient']
    shown = sorted(path.name for path in (run / 'previews').iterdir())
    assert shown == [f'{index:06d}.png' for index in range(4)]
    page = (run / 'report.html').read_text()
    assert page.count('data:image/png;base64,') == 4
    assert 'joints moved' in page
    assert 'Error by joint' in page


def test_pose_measures_of_the_ledger_are_those_of_the_evaluator(run):
    rows = list(read_entries(run).values())
    for side in ('clean', 'adversarial'):
        # As MMPose does: over the samples of each joint, then over joints.
        columns = zip(*(row[f'{side}_joint_errors'] for row in rows), strict=True)
        known = [[error <= 0.1 for error in column if error is not None] for column in columns]
        pck = mean(mean(right) for right in known if right)
        assert card(run)[side]['PCK'] == pytest.approx(pck, abs=1e-6)


@pytest.mark.slow
def test_pose_run_in_other_batches_and_broken_off_gives_the_same(run, checkpoint, tmp_path):
    arguments = ('--batch-size', 1, '--max-samples', 2)
    assert attack(checkpoint, tmp_path, PREDICTION, TAU, arguments=arguments) == 0
    arguments = ('--batch-size', 3, '--resume')
    assert attack(checkpoint, tmp_path, PREDICTION, TAU, arguments=arguments) == 0
    found, expected = read_entries(tmp_path), read_entries(run)
    for index in range(4):
        for key in ('success', 'linf', 'forwards', 'clean_pck', 'joints_moved', 'attacked'):
            assert found[index][key] == expected[index][key], key
    assert card(tmp_path)['adversarial'] == pytest.approx(card(run)['adversarial'], rel=1e-4)


@pytest.mark.slow
def test_pose_target_is_fitted_to_every_person(checkpoint, tmp_path):
    options = ('attack.goal.type=TargetPose', 'victim.target=sit')
    assert attack(checkpoint, tmp_path, *options) == 0
    rows = list(read_entries(tmp_path).values())
    assert card(tmp_path)['goal']['type'] == 'TargetPose'
    for row in rows:
        x, y = zip(*row['target_joints'], strict=True)
        assert 0 <= min(x) < max(x) <= 64
        assert 0 <= min(y) < max(y) <= 80
        assert row['target_error'] > 0


@pytest.mark.slow
def test_pose_target_may_be_the_pose_of_another_sample(checkpoint, tmp_path):
    options = ('attack.goal.type=TargetPose', 'victim.target=sample:2')
    assert attack(checkpoint, tmp_path, *options) == 0
    rows = [read_entries(tmp_path)[index] for index in range(4)]
    cfg = Config.fromfile(CONFIG)
    cfg.test_dataloader.dataset.update(num_videos=2, frames_per_video=2)
    from mmpose.registry import DATASETS

    info = DATASETS.build(cfg.test_dataloader.dataset).get_data_info(2)

    def shape(joints):
        joints = torch.as_tensor(joints, dtype=torch.float64)
        joints = joints - joints.mean(dim=0)
        return joints / joints.norm()

    seen = info['keypoints_visible'][0] > 0
    assert seen.all()
    for row in rows:
        torch.testing.assert_close(
            shape(row['target_joints']), shape(info['keypoints'][0]), atol=1e-4, rtol=0
        )


@pytest.mark.slow
@pytest.mark.parametrize(
    ('target', 'message'),
    [
        ('sample:4', 'target must be a sample of the data set, 0 to 3, got 4'),
        ('sample:x', 'a target pose is a protocol, sample:INDEX, FILE.json or FILE.npz:FRAME, got'),
    ],
)
def test_pose_target_that_no_sample_has_is_refused(checkpoint, tmp_path, capsys, target, message):
    options = ('attack.goal.type=TargetPose', f'victim.target={target}')
    assert attack(checkpoint, tmp_path, *options) == 1
    assert message in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize('goal', [(), ('attack.goal.type=TargetPose', 'victim.target=walk')])
def test_pose_configs_of_the_paper_fit_both_goals(checkpoint, tmp_path, goal):
    file = ROOT / 'configs' / '_base_' / 'attacks' / 'kaa_er_linf.py'
    words = [CONFIG, checkpoint, '--attack', file, '--work-dir', tmp_path, '--cfg-options', *SMALL]
    assert main([str(word) for word in [*words, 'attack.steps=1', *goal]]) == 0
    found = card(tmp_path)
    assert found['goal']['type'] == ('TargetPose' if goal else 'CorruptPose')
    if found['attacked']:
        assert 0 < found['measures']['density'] < 1


@pytest.mark.parametrize(
    ('name', 'message'),
    [('Square', 'Square needs a recogniser'), ('IterativeSaliency', 'pixels must be videos')],
)
def test_pose_attacks_that_need_classes_or_frames_are_refused(
    checkpoint, tmp_path, capsys, name, message
):
    words = [CONFIG, checkpoint, '--attack', name, '--work-dir', tmp_path, '--cfg-options', *SMALL]
    words += [PREDICTION, TAU]
    assert main([str(word) for word in words]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        ('square', 'Square needs a recogniser'),
        ('pgd_linf_least-likely', 'attack.goal.type must be a goal of poses, got LeastLikely'),
    ],
)
def test_pose_shipped_configs_with_goals_of_classes_are_refused(
    checkpoint, tmp_path, capsys, name, message
):
    words = [CONFIG, checkpoint, '--attack', name, '--work-dir', tmp_path, '--cfg-options', *SMALL]
    assert main([str(word) for word in words]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['victim.space=video'], 'space must be crop for a pose estimator'),
        (
            ['attack.goal.type=TargetPose'],
            'labels must be poses with a target, which victim.target names',
        ),
        (
            ['attack.goal.type=Misclassify'],
            'attack.goal.type must be a goal of poses, got Misclassify',
        ),
        (['victim.target=run'], 'a target pose is a protocol'),
        (['victim.target=sit'], 'victim.target needs attack.goal.type=TargetPose, got CorruptPose'),
        (['attack.goal.loss=kl'], 'loss must be auto or one of heatmap_mse'),
    ],
)
def test_pose_bad_input_is_one_line(checkpoint, tmp_path, capsys, options, message):
    assert attack(checkpoint, tmp_path, *options) == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith('error')]
    assert len(lines) == 1
    assert message in lines[0]


@pytest.mark.slow
def test_pose_surrogates_and_saved_videos_are_refused(checkpoint, tmp_path, capsys):
    arguments = ('--surrogate', CONFIG, checkpoint)
    assert attack(checkpoint, tmp_path, arguments=arguments) == 1
    assert 'surrogate must be none but for recognisers' in capsys.readouterr().err
    assert attack(checkpoint, tmp_path, arguments=('--save-adv', tmp_path / 'adv')) == 1
    assert 'space must be "video" with save_adv' in capsys.readouterr().err


def test_pose_run_goes_on_where_a_joint_is_nowhere(checkpoint, tmp_path, monkeypatch):
    from mmpose.models.heads import HeatmapHead

    decode = HeatmapHead.decode

    def broken(self, response):
        found = decode(self, response)
        for one in found:
            one.keypoints[:, 3] = np.nan
        return found

    monkeypatch.setattr(HeatmapHead, 'decode', broken)
    arguments = ('--max-samples', 1)
    assert attack(checkpoint, tmp_path, 'attack.goal.tau=10', arguments=arguments) == 0
    (row,) = read_entries(tmp_path).values()
    assert not row['success']
    assert np.isnan(row['adversarial_joints'][3]).all()
    assert np.isfinite(row['adversarial_joints'][:3]).all()
    assert row['adversarial_joint_errors'][3] is None
    assert (tmp_path / 'report.html').exists()
    assert (tmp_path / 'contact_sheet.png').exists()
