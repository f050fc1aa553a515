"""A run on two data sets at once, whose evaluator gives each metric the samples of one."""

import json

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

from mmrobust.cli.attack import run
from tests.engine.runs import card, rows
from tests.pose.pose_toys import random_checkpoint

SIZE = (48, 64)
SETS = {'coco': ('CocoDataset', 3), 'art': ('HumanArtDataset', 2)}


@pytest.fixture(scope='module', autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def persons(folder, name, count, shift=0.0):
    """Pictures with a person each, and their COCO file; joints moved by ``shift`` pixels."""
    rng = np.random.default_rng(count)
    content = {'images': [], 'annotations': [], 'info': {}}
    for number in range(1, count + 1):
        file = f'{name}{number}.png'
        cv2.imwrite(str(folder / file), rng.integers(0, 255, (80, 60, 3), dtype=np.uint8))
        content['images'].append({'id': number, 'file_name': file, 'width': 60, 'height': 80})
        joints = np.column_stack([rng.uniform(5, 55, (17, 2)) + shift, [2] * 17])
        content['annotations'].append(
            {'id': number, 'image_id': number, 'category_id': 1, 'iscrowd': 0, 'area': 2000.0,
             'bbox': [4.0, 4.0, 52.0, 72.0], 'num_keypoints': 17,
             'keypoints': joints.flatten().tolist()}
        )  # fmt: skip
    content['categories'] = [{'id': 1, 'name': 'person', 'keypoints': [], 'skeleton': []}]
    (folder / f'{name}.json').write_text(json.dumps(content))


def config(folder):
    codec = {'type': 'MSRAHeatmap', 'input_size': SIZE, 'heatmap_size': (12, 16), 'sigma': 1}
    loss = {'type': 'KeypointMSELoss', 'use_target_weight': True}
    head = {'in_channels': 64, 'out_channels': 17, 'deconv_out_channels': None, 'loss': loss}
    stem = {'num_stages': 1, 'strides': (1,), 'dilations': (1,), 'out_indices': (0,)}
    steps = [{'type': 'LoadImage'}, {'type': 'GetBBoxCenterScale'}]
    steps += [{'type': 'TopdownAffine', 'input_size': SIZE}, {'type': 'PackPoseInputs'}]
    parts = [
        {'type': kind, 'data_root': str(folder), 'ann_file': f'{name}.json',
         'data_mode': 'topdown', 'data_prefix': {'img': ''}, 'test_mode': True, 'pipeline': []}
        for name, (kind, _) in SETS.items()
    ]  # fmt: skip
    return Config(
        {
            'default_scope': 'mmpose',
            'model': {
                'type': 'TopdownPoseEstimator',
                'data_preprocessor': {'type': 'PoseDataPreprocessor', 'mean': [128.0] * 3,
                                      'std': [64.0] * 3, 'bgr_to_rgb': True},
                'backbone': {'type': 'ResNet', 'depth': 18, **stem},
                'head': {'type': 'HeatmapHead', **head, 'decoder': codec},
                'test_cfg': {'flip_test': False},
            },
            'test_dataloader': {
                'batch_size': 2,
                'num_workers': 0,
                'sampler': {'type': 'DefaultSampler', 'shuffle': False},
                'dataset': {
                    'type': 'CombinedDataset',
                    'metainfo': {'from_file': 'configs/_base_/datasets/coco.py'},
                    'datasets': parts,
                    'pipeline': steps,
                    'test_mode': True,
                },
            },
            'test_evaluator': {
                'type': 'MultiDatasetEvaluator',
                'metrics': [{'type': 'EPE', 'prefix': name} for name in SETS],
                'datasets': [{'type': kind} for kind, _ in SETS.values()],
            },
            'test_cfg': {'type': 'TestLoop'},
            'log_level': 'WARNING',
        }
    )  # fmt: skip


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    """The folder, with config, weights and pictures."""
    folder = tmp_path_factory.mktemp('routing')
    for name, (_, count) in SETS.items():
        persons(folder, name, count)
    init_default_scope('mmpose')
    config(folder).dump(folder / 'config.py')
    random_checkpoint(folder / 'config.py', folder)
    return folder


def attack(made, out, *arguments):
    words = [made / 'config.py', made / 'random.pth', '--attack', 'FGSM', '--work-dir', out]
    words += [*arguments, '--cfg-options', 'attack.goal.reference=prediction']
    run([str(word) for word in words])
    return card(out)


@pytest.mark.slow
def test_each_data_set_has_the_numbers_that_the_stock_loop_gives_it(made, tmp_path):
    cfg = Config.fromfile(made / 'config.py')
    cfg.work_dir, cfg.load_from = str(tmp_path / 'stock'), str(made / 'random.pth')
    wanted = Runner.from_cfg(cfg).test()
    found = attack(made, tmp_path / 'w')
    assert found['clean'] == wanted
    assert found['clean']['coco/EPE'] != found['clean']['art/EPE']
    assert found['adversarial'].keys() == wanted.keys()
    # A kill after three samples, and a folder that another one goes on in.
    lines = rows(tmp_path / 'w')
    (tmp_path / 'again').mkdir()
    for name in ('run.json', 'results.jsonl'):
        text = (tmp_path / 'w' / name).read_text()
        text = ''.join(text.splitlines(keepends=True)[:3]) if name != 'run.json' else text
        (tmp_path / 'again' / name).write_text(text)
    again = attack(made, tmp_path / 'again', '--resume')
    assert again['clean'] == wanted
    assert again['adversarial'] == found['adversarial']
    assert rows(tmp_path / 'again')[:3] == lines[:3]
    # Of the second data set, nothing is evaluated.
    assert attack(made, tmp_path / 'few', '--max-samples', '2')['clean'].keys() == {'coco/EPE'}


@pytest.mark.slow
def test_annotations_that_have_changed_inside_are_another_run(made, tmp_path):
    attack(made, tmp_path, '--max-samples', '1')
    persons(made, *('art', SETS['art'][1]), shift=7)
    with pytest.raises(ValueError, match=r'another run; it differs in: annotations \('):
        attack(made, tmp_path, '--max-samples', '1', '--resume')
    persons(made, *('art', SETS['art'][1]))
