"""``tools/attack.py`` on recognisers of skeletons: report, resuming, saved tracks, the hook."""

import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmrobust.cli.attack import main
from mmrobust.cli.verify import main as verify
from mmrobust.ledger.ledger import read_entries
from mmrobust.victims.skeleton.track_files import LIST
from tests.conftest import ROOT
from tests.victims.skeleton.toys import written_victim

pytestmark = pytest.mark.slow

DEMO = ROOT / 'configs' / 'demo' / 'skeleton' / 'stgcnpp_tiny_synthetic-joints.py'
N = 6
OPTIONS = ['--cfg-options', 'attack.goal.reference=prediction', 'attack.steps=2']


@pytest.fixture(scope='module')
def victim(tmp_path_factory):
    return written_victim(tmp_path_factory.mktemp('tracks'), N)


@pytest.fixture(scope='module')
def attacked(victim, tmp_path_factory):
    """A whole run that saved its tracks."""
    folder = tmp_path_factory.mktemp('run')
    target = ['--work-dir', str(folder / 'work'), '--save-adv', str(folder / 'adv')]
    assert main([*victim[:2], '--attack', 'PGD', *target, *OPTIONS]) == 0
    return folder


def test_skeleton_run_reports_what_became_of_bodies(attacked):
    card = json.loads((attacked / 'work' / 'report.json').read_text())
    rows = read_entries(attacked / 'work')
    assert (card['space'], card['evaluated'], len(rows)) == ('track', N, N)
    assert card['threat'] == {'type': 'JointL2', 'eps': 0.05}
    assert card['sample']['unit'] == 'lengths of the torso'
    for row in rows.values():
        assert 0 < row['deviation'] <= row['deviation_max'] <= 0.05 + 1e-9
        assert 0 < row['deviation_native_max'] <= 0.05 * max(row['sizes'])
        assert row['linf'] <= 0.05
        assert row['bone_change'] > 0
        assert row['network_view_max'] > row['network_view'] > 0
        assert len(row['sizes']) == 1 + row['index'] % 2
        assert row['moved_joints'] == row['pixels']
    mean = sum(row['deviation'] for row in rows.values()) / N
    assert card['track']['deviation'] == pytest.approx(mean)
    page = (attacked / 'work' / 'report.html').read_text()
    for words in ('lengths of the torso', 'joint, longest', 'bones, relative'):
        assert words in page
    assert 'grey level' not in page.lower()
    assert len(list((attacked / 'work' / 'previews').glob('*.mp4'))) == 4


def test_skeleton_run_clean_metrics_are_those_of_the_stock_test(victim, attacked, tmp_path):
    from mmengine.runner import Runner

    cfg = Config.fromfile(victim[0])
    cfg.work_dir, cfg.load_from, cfg.log_level = str(tmp_path), victim[1], 'WARNING'
    stock = Runner.from_cfg(cfg).test()
    card = json.loads((attacked / 'work' / 'report.json').read_text())
    assert card['clean'] == {k: pytest.approx(v) for k, v in stock.items()}


def test_skeleton_run_saves_tracks_in_the_type_of_the_file(victim, attacked):
    saved = pickle.loads((attacked / 'adv' / LIST).read_bytes())
    assert len(saved) == N
    for one, clean in zip(saved, victim[2], strict=True):
        assert set(one) == set(clean)
        assert one['keypoint'].dtype == np.float16
        assert np.array_equal(one['keypoint_score'], clean['keypoint_score'])
        assert one['label'] == clean['label']
        missing = (clean['keypoint'] == 0).all(-1)
        assert not one['keypoint'][missing].any()
        assert (one['keypoint'][~missing] != 0).all()
        assert (one['keypoint'] != clean['keypoint']).any()


def test_skeleton_run_is_replayed_by_the_stock_test(victim, attacked, capsys):
    assert verify([*victim[:2], str(attacked / 'work')]) == 0
    assert f'{N} of {N} predictions are those of the report' in capsys.readouterr().out


def test_skeleton_run_that_was_tampered_with_is_found(victim, attacked, capsys, tmp_path):
    import shutil

    folder = shutil.copytree(attacked, tmp_path / 'copy')
    ledger = folder / 'work' / 'results.jsonl'
    lines = [json.loads(line) for line in ledger.read_text().splitlines()]
    lines[0]['adversarial_prediction'] = (lines[0]['adversarial_prediction'] + 1) % 3
    ledger.write_text(''.join(json.dumps(line) + '\n' for line in lines))
    given = ['--save-adv', str(folder / 'adv')]
    assert verify([*victim[:2], str(folder / 'work'), *given]) == 1
    assert 'predictions differ for 0000' in capsys.readouterr().err


def test_skeleton_run_resumes(victim, attacked, tmp_path):
    target = ['--work-dir', str(tmp_path / 'w'), '--save-adv', str(tmp_path / 'adv')]
    given = [*victim[:2], '--attack', 'PGD', *target]
    assert main([*given, '--max-samples', '2', *OPTIONS]) == 0
    first = {i: row['seconds'] for i, row in read_entries(tmp_path / 'w').items()}
    assert main([*given, '--resume', *OPTIONS]) == 0
    rows = read_entries(tmp_path / 'w')
    assert {i: rows[i]['seconds'] for i in first} == first
    whole = read_entries(attacked / 'work')
    for index, row in rows.items():
        assert row['adversarial_prediction'] == whole[index]['adversarial_prediction']
    assert len(pickle.loads((tmp_path / 'adv' / LIST).read_bytes())) == N


def test_skeleton_run_in_view_space(victim, tmp_path, capsys):
    given = [*victim[:2], '--attack', 'PGD', '--space', 'view', '--work-dir', str(tmp_path)]
    assert main([*given, *OPTIONS]) == 0
    card = json.loads((tmp_path / 'report.json').read_text())
    assert card['sample']['unit'] == "units of the network's input"
    assert card['track'] is None
    assert main([*given, '--save-adv', str(tmp_path / 'adv')]) == 1
    assert 'for skeletons "track"' in capsys.readouterr().err


def test_skeleton_run_through_the_stock_script(victim, tmp_path):
    import mmaction

    script = f'{next(iter(mmaction.__path__))}/.mim/tools/test.py'
    options = [
        'default_hooks.attack.type=mmrobust.AttackHook',
        'default_hooks.attack.attack.type=PGD',
        'default_hooks.attack.attack.threat.eps=0.1',
    ]
    command = [sys.executable, '-m', 'mmrobust.compat', script, *victim[:2]]
    done = subprocess.run(
        [*command, '--work-dir', str(tmp_path), '--cfg-options', *options],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    card = json.loads((tmp_path / 'report.json').read_text())
    assert card['threat'] == {'type': 'JointL2', 'eps': 0.1}
    assert card['evaluated'] == N


@pytest.mark.parametrize(('options', 'words'), [
    (['attack.threat.type=Linf', 'attack.threat.eps=8'], 'attack.threat.eps must be at most 1'),
    (['test_dataloader.dataset.split=test'], 'split must be one of those of'),
    (['victim.unit=metre'], 'unit must be one of torso, box, native'),
])  # fmt: skip
def test_skeleton_run_refuses_in_one_line(victim, options, words, tmp_path, capsys):
    given = [*victim[:2], '--attack', 'PGD', '--work-dir', str(tmp_path)]
    assert main([*given, '--cfg-options', *options]) == 1
    error = capsys.readouterr().err
    assert words in error
    assert len(error.strip().splitlines()) == 1


def test_skeleton_run_of_raw_files_is_refused(victim, tmp_path, capsys):
    assert main([*victim[:2], '--input', str(tmp_path), '--work-dir', str(tmp_path / 'w')]) == 1
    assert 'used with videos and pictures: tracks of skeletons' in capsys.readouterr().err


def test_skeleton_demo_config_runs_with_random_weights(tmp_path):
    from mmaction.registry import MODELS

    weights = tmp_path / 'weights.pth'
    built = MODELS.build(Config.fromfile(DEMO).model)
    torch.save({'state_dict': built.state_dict()}, weights)
    given = ['--attack', 'FGSM', '--max-samples', '2', '--work-dir', str(tmp_path / 'w')]
    goal = ['--cfg-options', 'attack.goal.reference=prediction']
    assert main([str(DEMO), str(weights), *given, *goal]) == 0
    rows = read_entries(tmp_path / 'w')
    assert [row['name'] for row in rows.values()] == [
        'synthetic/test/00000',
        'synthetic/test/00001',
    ]
    assert all(row['linf'] <= 0.05 for row in rows.values())


def test_skeleton_run_of_volumes_is_replayed_by_the_stock_test(victim, tmp_path, capsys):
    from tests.victims.skeleton.test_skeleton_heatmaps import build
    from tests.victims.skeleton.toys import heatmap_pipeline

    cfg = Config.fromfile(victim[0])
    model = build()[0].model
    cfg.model = {
        'type': 'Recognizer3D',
        'backbone': {
            'type': 'ResNet3dSlowOnly', 'depth': 18, 'pretrained': None, 'in_channels': 17,
            'base_channels': 4, 'num_stages': 2, 'out_indices': (1,), 'stage_blocks': (1, 1),
            'conv1_stride_s': 1, 'pool1_stride_s': 1, 'inflate': (0, 1),
            'spatial_strides': (2, 2), 'temporal_strides': (1, 1), 'dilations': (1, 1),
        },
        'cls_head': {
            'type': 'I3DHead', 'in_channels': 8, 'num_classes': 5, 'average_clips': 'prob',
        },
    }  # fmt: skip
    cfg.test_dataloader.dataset.pipeline = heatmap_pipeline()
    # In workers, from which tracks and pipelines must come back.
    cfg.test_dataloader.num_workers = 1
    path, weights = tmp_path / 'config.py', tmp_path / 'weights.pth'
    cfg.dump(path)
    torch.save({'state_dict': model.state_dict()}, weights)
    given = ['--max-samples', '3', '--work-dir', str(tmp_path / 'w'), '--save-adv']
    options = ['--cfg-options', 'attack.goal.reference=prediction', 'attack.steps=2']
    run = [str(path), str(weights), '--attack', 'PGD', *given, str(tmp_path / 'adv'), *options]
    assert main(run) == 0
    rows = read_entries(tmp_path / 'w').values()
    assert all(0 < row['deviation_max'] <= 0.05 + 1e-9 for row in rows)
    assert all('scores_disagree' not in row['flags'] for row in rows)
    assert verify([str(path), str(weights), str(tmp_path / 'w')]) == 0
    assert '3 of 3 predictions are those of the report' in capsys.readouterr().out
