"""The mirror-mouse annotations and the configs of the tiny pose victims."""

import json
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from tests.conftest import ROOT
from tools.data.prepare_mirror_mouse import main, prepare, unlike

FOLDER = ROOT / 'projects/k_limiting_attack/configs'
CONFIGS = sorted(FOLDER.glob('*.py'))
DEMO = ROOT / 'configs/demo/pose/td-hm_tiny-r18_synthetic-64x80.py'


@pytest.fixture(autouse=True)
def _scope():
    import mmpose.datasets
    import mmpose.models  # noqa: F401
    from mmengine.registry import init_default_scope

    init_default_scope('mmpose')


@pytest.fixture(scope='session')
def names():
    base = Config.fromfile(FOLDER / '_base_/mirror_mouse_96x96.py')
    return [info['name'] for info in base.metainfo.keypoint_info.values()]


@pytest.fixture(scope='session')
def source(tmp_path_factory, names):
    """Six frames in the layout of the real folder; a part is missing in the second one."""
    folder = tmp_path_factory.mktemp('mouse')
    (folder / 'labeled-data').mkdir()
    rng = np.random.default_rng(0)
    rows = [
        ','.join(['scorer'] + ['somebody'] * 2 * len(names)),
        ','.join(['bodyparts', *(name for name in names for _ in 'xy')]),
        ','.join(['coords'] + ['x', 'y'] * len(names)),
    ]
    for number in range(1, 7):
        file = f'labeled-data/img{number:02d}.png'
        cv2.imwrite(str(folder / file), rng.integers(0, 256, (52, 40, 3), np.uint8))
        cells = [f'{value:.2f}' for value in rng.uniform(1, 39, 2 * len(names))]
        if number == 2:
            cells[6:8] = ['', '']
        rows.append(','.join([file, *cells]))
    (folder / 'CollectedData.csv').write_text('\n'.join(rows) + '\n')
    return folder


@pytest.fixture(scope='session')
def mouse(source, tmp_path_factory):
    out = tmp_path_factory.mktemp('annotations')
    prepare(source, out, 2)
    return out


def test_frames_are_split_by_their_order(source, tmp_path):
    assert prepare(source, tmp_path / 'new', 2) == {
        'train': 4,
        'test': 2,
        'left out as alike': 0,
    }
    files = {
        split: [
            image['file_name'][-9:]
            for image in json.loads((tmp_path / 'new' / f'{split}.json').read_text())['images']
        ]
        for split in ('train', 'test')
    }
    assert files['train'] == [f'img0{i}.png' for i in (1, 2, 3, 4)]
    assert files['test'] == ['img05.png', 'img06.png']


def test_a_part_without_a_label_has_flag_zero(source, mouse, names):
    content = json.loads((mouse / 'train.json').read_text())
    first, second = (np.reshape(a['keypoints'], (-1, 3)) for a in content['annotations'][:2])
    cells = (source / 'CollectedData.csv').read_text().splitlines()[3].split(',')[1:]
    assert np.allclose(first[:, :2].ravel(), np.array(cells, float))
    assert (first[:, 2] == 2).all()
    assert second[3].tolist() == [0, 0, 0]
    annotation = content['annotations'][1]
    assert annotation['num_keypoints'] == len(names) - 1
    assert annotation['bbox'] == [0, 0, 40, 52]
    assert annotation['area'] == 40 * 52
    assert content['categories'][0]['keypoints'] == names


def test_bad_folders_are_named(source, tmp_path):
    with pytest.raises(ValueError, match='test must be 1 to 5 frames, got 6'):
        prepare(source, tmp_path, 6)
    lines = (source / 'CollectedData.csv').read_text().splitlines()
    (tmp_path / 'CollectedData.csv').write_text('\n'.join(lines[:3]))
    with pytest.raises(ValueError, match='no labelled frame in .*CollectedData.csv'):
        prepare(tmp_path, tmp_path, 1)
    (tmp_path / 'CollectedData.csv').write_text('\n'.join(lines))
    with pytest.raises(ValueError, match='not a readable image: .*img01.png'):
        prepare(tmp_path, tmp_path, 1)


def test_the_command_prints_what_it_wrote(source, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', ['prepare.py', str(source), str(tmp_path), '--test', '1'])
    main()
    assert (
        capsys.readouterr().out == 'train: 5 frames\ntest: 1 frames\nleft out as alike: 0 frames\n'
    )


@pytest.mark.real
def test_the_real_frames_make_72_and_16(real_data, tmp_path, names):
    """The 88th and the 90th nearly repeat those before them."""
    counts = {'train': 72, 'test': 16, 'left out as alike': 2}
    assert prepare(real_data / 'mirror_mouse', tmp_path, 18) == counts
    content = json.loads((tmp_path / 'test.json').read_text())
    assert content['categories'][0]['keypoints'] == names
    assert content['images'][0]['file_name'].endswith('img73.png')
    assert {(i['width'], i['height']) for i in content['images']} == {(396, 406)}
    last = [image['file_name'][-9:] for image in content['images'][-3:]]
    assert last == ['img86.png', 'img87.png', 'img89.png']
    assert [a['image_id'] for a in content['annotations'][-2:]] == [87, 89]


def test_frames_that_are_alike_are_no_two_samples():
    frames = [np.full((4, 4), grey, np.float64) for grey in (0, 0, 20, 27, 29, 20)]
    assert unlike(frames, 1) == [1, 2, 4]


def test_mirroring_swaps_the_paws_of_one_view(names):
    from mmpose.datasets.datasets.utils import parse_pose_metainfo

    meta = parse_pose_metainfo(Config.fromfile(FOLDER / '_base_/mirror_mouse_96x96.py').metainfo)
    swapped = {name: names[i] for name, i in zip(names, meta['flip_indices'], strict=True)}
    assert swapped['paw1LH_top'] == 'paw4RH_top'
    assert swapped['paw2LF_bot'] == 'paw3RF_bot'
    assert swapped['nose_bot'] == 'nose_bot'
    assert all(swapped[swapped[name]] == name for name in names)


def load(path, mouse):
    """The config with the fake mouse and few videos."""
    os.environ['MIRROR_MOUSE_ROOT'] = str(mouse)
    try:
        config = Config.fromfile(path)
    finally:
        del os.environ['MIRROR_MOUSE_ROOT']
    for name in ('train', 'test'):
        dataset = config[f'{name}_dataloader'].dataset
        if 'num_videos' in dataset:
            dataset.num_videos, dataset.frames_per_video = 2, 2
    return config


def test_there_are_three_heads_for_each_of_two_data_sets():
    heads, sets = ('simcc', 'td-hm', 'td-reg'), ('mirror-mouse-96x96', 'synthetic-64x80')
    expected = [f'{head}_tiny-r18_{name}' for head in heads for name in sets]
    assert [path.stem for path in CONFIGS] == expected


@pytest.mark.slow
@pytest.mark.parametrize('path', [*CONFIGS, DEMO], ids=lambda path: path.stem)
def test_configs_train_and_predict_with_mmposes_own_small_models(path, mouse):
    from mmengine.dataset import pseudo_collate
    from mmpose.registry import DATASETS, MODELS

    config = load(path, mouse)
    torch.manual_seed(0)
    model = MODELS.build(config.model)
    owners = {type(module).__module__.split('.')[0] for module in model.modules()}
    assert owners <= {'mmpose', 'mmcv', 'mmengine', 'torch'}
    assert sum(p.numel() for p in model.parameters()) < 1.5e6
    assert sum(p.numel() for p in model.backbone.parameters()) == 699168
    assert config.model.test_cfg.flip_test
    train = DATASETS.build(config.train_dataloader.dataset)
    batch = pseudo_collate([train[i] for i in range(4)])
    data = model.data_preprocessor(batch, training=True)
    losses = model(**data, mode='loss')
    assert torch.isfinite(losses['loss_kpt'])
    test = DATASETS.build(config.test_dataloader.dataset)
    samples = model.eval().test_step(pseudo_collate([test[0], test[1]]))
    joints = test.metainfo['num_keypoints']
    for sample in samples:
        assert sample.pred_instances.keypoints.shape == (1, joints, 2)
        assert np.isfinite(sample.pred_instances.keypoints).all()


@pytest.mark.slow
def test_the_training_tool_trains_a_pose_victim(tmp_path):
    few = ('train_dataloader.dataset.num_videos=10', 'train_dataloader.dataset.frames_per_video=4')
    command = [
        *(sys.executable, 'tools/train.py', str(DEMO), '--work-dir', str(tmp_path)),
        *('--cfg-options', *few, 'train_cfg.max_epochs=6', 'train_dataloader.batch_size=8'),
        'default_hooks.checkpoint.interval=6',
    ]
    environment = {**os.environ, 'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / 'epoch_6.pth').is_file()
    (scalars,) = tmp_path.glob('*/vis_data/scalars.json')
    losses = [json.loads(line)['loss'] for line in scalars.read_text().splitlines()]
    # It starts at about what maps of zeros get, pi / 320, and goes on from there.
    assert 0.007 < losses[0] < 0.02
    assert losses[-1] < 0.9 * losses[0]
