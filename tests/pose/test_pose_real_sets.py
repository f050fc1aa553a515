"""Real bodies, faces and hands: MMPose's data sets, evaluators and test script under attack."""

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from scipy.io import savemat

from mmrobust.cli.attack import main
from mmrobust.ledger.ledger import read_entries
from tests.pose.pose_toys import random_checkpoint

pytestmark = [pytest.mark.real, pytest.mark.slow]

SIZE = (48, 64)
BODY = {'type': 'CocoMetric', 'ann_file': '{file}'}
# Set -> folder, annotations, MMPose's data set, joints, and its evaluators.
SETS = {
    'coco': ('coco', 'test_coco.json', 'CocoDataset', 17, [BODY]),
    'wholebody': ('coco', 'test_coco_wholebody.json', 'CocoWholeBodyDataset', 133,
                  [BODY | {'type': 'CocoWholeBodyMetric'}]),
    'ochuman': ('ochuman', 'test_ochuman.json', 'OCHumanDataset', 17, [BODY]),
    'crowdpose': ('crowdpose', 'test_crowdpose.json', 'CrowdPoseDataset', 14,
                  [BODY | {'iou_type': 'keypoints_crowd', 'prefix': 'crowd', 'use_area': False}]),
    'aic': ('aic', 'test_aic.json', 'AicDataset', 14, [BODY | {'use_area': False}]),
    'mpii': ('mpii', 'test_mpii.json', 'MpiiDataset', 16, [{'type': 'PCKAccuracy', 'thr': 0.5}]),
    'jhmdb': ('jhmdb', 'test_jhmdb_sub1.json', 'JhmdbDataset', 15,
              [{'type': 'JhmdbPCKAccuracy', 'thr': 0.2, 'norm_item': ['bbox', 'torso']}]),
    '300w': ('300w', 'test_300w.json', 'Face300WDataset', 68,
             [{'type': 'NME', 'norm_mode': 'keypoint_distance'}]),
    'wflw': ('wflw', 'test_wflw.json', 'WFLWDataset', 98,
             [{'type': 'NME', 'norm_mode': 'keypoint_distance'}]),
    'freihand': ('freihand', 'test_freihand.json', 'FreiHandDataset', 21,
                 [{'type': 'PCKAccuracy', 'thr': 0.2}, {'type': 'AUC'}, {'type': 'EPE'}]),
}  # fmt: skip


def config(name, real_data):
    """A narrow estimator of heatmaps on one of the sets, as a user would write it."""
    folder, file, kind, joints, evaluators = SETS[name]
    root = real_data / 'mmpose_tests' / folder
    codec = {'type': 'MSRAHeatmap', 'input_size': SIZE, 'heatmap_size': (12, 16), 'sigma': 1}
    loss = {'type': 'KeypointMSELoss', 'use_target_weight': True}
    head = {'in_channels': 64, 'out_channels': joints, 'deconv_out_channels': None, 'loss': loss}
    stem = {'num_stages': 1, 'strides': (1,), 'dilations': (1,), 'out_indices': (0,)}
    steps = [{'type': 'LoadImage'}, {'type': 'GetBBoxCenterScale'}]
    steps += [{'type': 'TopdownAffine', 'input_size': SIZE}, {'type': 'PackPoseInputs'}]
    dataset = {'type': kind, 'data_root': str(root), 'ann_file': file, 'data_mode': 'topdown',
               'data_prefix': {'img': ''}, 'test_mode': True, 'pipeline': steps}  # fmt: skip
    return Config(
        {
            'default_scope': 'mmpose',
            'model': {
                'type': 'TopdownPoseEstimator',
                'data_preprocessor': {'type': 'PoseDataPreprocessor', 'mean': [120.0] * 3,
                                      'std': [60.0] * 3, 'bgr_to_rgb': True},
                'backbone': {'type': 'ResNet', 'depth': 18, **stem},
                'head': {'type': 'HeatmapHead', **head, 'decoder': codec},
            },
            'test_dataloader': {
                'batch_size': 4,
                'num_workers': 0,
                'sampler': {'type': 'DefaultSampler', 'shuffle': False},
                'dataset': dataset,
            },
            'test_evaluator': [
                {k: str(root / file) if v == '{file}' else v for k, v in one.items()}
                for one in evaluators
            ],
            'test_cfg': {'type': 'TestLoop'},
        }
    )  # fmt: skip


@pytest.mark.parametrize('name', SETS)
def test_pose_real_set_is_attacked_under_its_own_metrics(name, real_data, tmp_path):
    init_default_scope('mmpose')
    import mmpose.datasets
    import mmpose.evaluation
    import mmpose.models  # noqa: F401

    cfg, path = config(name, real_data), tmp_path / 'tiny.py'
    cfg.dump(path)
    checkpoint = random_checkpoint(path, tmp_path)
    words = [path, checkpoint, '--attack', 'KLimiting', '--work-dir', tmp_path / 'work']
    words += ['--cfg-options', 'attack.goal.reference=prediction', 'attack.goal.tau=0.02']
    words += ['attack.steps=2', 'settings.previews=1']
    assert main([str(word) for word in words]) == 0

    card = json.loads((tmp_path / 'work' / 'report.json').read_text())
    rows = [entry for _, entry in sorted(read_entries(tmp_path / 'work').items())]
    assert card['evaluated'] == card['n'] == len(rows) > 1
    assert len(card['joints']) == SETS[name][3]
    assert card['attacked'] > 0
    assert all(row['linf'] <= 8 and len(row['adversarial_joints']) == SETS[name][3] for row in rows)
    assert any(row['rmse'] > 0 for row in rows)

    stock = Config.fromfile(path)
    stock.work_dir, stock.load_from = str(tmp_path / 'stock'), str(checkpoint)
    told = Runner.from_cfg(stock).test()
    assert card['clean'].keys() == card['adversarial'].keys() == told.keys()
    assert len(told) > 0
    for key, value in told.items():
        assert card['clean'][key] == pytest.approx(value, abs=1e-6), key
        assert math.isfinite(card['adversarial'][key])
    assert torch.is_grad_enabled()


def test_pose_pckh_needs_head_boxes_and_is_measured_with_them(real_data, tmp_path, capsys):
    """MPII's metric; the sample's own head boxes are not stored, these are made up."""
    cfg, path = config('mpii', real_data), tmp_path / 'tiny.py'
    cfg.test_evaluator = [{'type': 'MpiiPCKAccuracy', 'norm_item': 'head'}]
    cfg.dump(path)
    checkpoint = random_checkpoint(path, tmp_path)
    words = [path, checkpoint, '--attack', 'PGD', '--work-dir', tmp_path / 'work']
    words += ['--cfg-options', 'attack.goal.reference=prediction', 'attack.goal.tau=0.02']
    words += ['attack.steps=2', 'settings.previews=0']
    assert main([str(word) for word in words]) == 1
    assert 'MpiiDataset has it with headbox_file=FILE' in capsys.readouterr().err

    people = json.loads((real_data / 'mmpose_tests' / 'mpii' / 'test_mpii.json').read_text())
    boxes = np.zeros((2, 2, len(people)))
    boxes[1] = 60
    savemat(tmp_path / 'heads.mat', {'headboxes_src': boxes})
    cfg.test_dataloader.dataset.headbox_file = str(tmp_path / 'heads.mat')
    cfg.dump(path)
    assert main([str(word) for word in words]) == 0
    card = json.loads((tmp_path / 'work' / 'report.json').read_text())
    stock = Config.fromfile(path)
    stock.work_dir, stock.load_from = str(tmp_path / 'stock'), str(checkpoint)
    told = Runner.from_cfg(stock).test()
    assert 'Head PCK' in told
    for key, value in told.items():
        assert card['clean'][key] == pytest.approx(value, nan_ok=True), key
        assert key in card['adversarial']


def test_pose_attack_by_mmposes_own_test_script_is_that_of_ours(real_data, tmp_path):
    import mmpose

    cfg, path = config('coco', real_data), tmp_path / 'tiny.py'
    cfg.dump(path)
    checkpoint = random_checkpoint(path, tmp_path)
    options = {'goal.reference': 'prediction', 'goal.tau': 0.02, 'steps': 2}
    words = [sys.executable, '-W', 'ignore', '-m', 'mmrobust.compat']
    words += [Path(mmpose.__file__).parent / '.mim' / 'tools' / 'test.py', path, checkpoint]
    words += ['--work-dir', tmp_path / 'stock', '--cfg-options']
    words += ['default_hooks.attack.type=mmrobust.AttackHook']
    words += ['default_hooks.attack.attack.type=KLimiting']
    words += [f'default_hooks.attack.attack.{key}={value}' for key, value in options.items()]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert 'clean/coco/AP' in done.stdout + done.stderr

    words = [path, checkpoint, '--attack', 'KLimiting', '--work-dir', tmp_path / 'own']
    words += ['--cfg-options', *(f'attack.{key}={value}' for key, value in options.items())]
    assert main([str(word) for word in words]) == 0
    cards = [json.loads((tmp_path / name / 'report.json').read_text()) for name in ('stock', 'own')]
    assert cards[0]['attack'] == cards[1]['attack']
    for key in ('attacked', 'success_rate', 'perturbation', 'clean', 'adversarial'):
        assert cards[0][key] == pytest.approx(cards[1][key], rel=1e-4), key
