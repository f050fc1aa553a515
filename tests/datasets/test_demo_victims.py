import hashlib
import re
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

ROOT = Path(__file__).parents[2]
CONFIGS = sorted((ROOT / 'configs/demo').glob('*.py'))
PROJECT = sorted((ROOT / 'projects/weizmann/configs').glob('*.py'))
CHECKPOINT = ROOT / 'mmrobust/resources/demo_victim.pth'
DEMO = ROOT / 'configs/demo/i3d-tiny_16x1x2_synthetic-rgb.py'


@pytest.fixture(autouse=True)
def _scope():
    import mmaction.models  # noqa: F401

    init_default_scope('mmaction')


def build(config):
    from mmaction.registry import MODELS

    return MODELS.build(config.model).eval()


@pytest.mark.parametrize('path', CONFIGS + PROJECT, ids=lambda path: path.stem)
def test_models_are_mmactions_own_and_small(path):
    model = build(Config.fromfile(path))
    assert type(model).__module__.startswith('mmaction.')
    assert sum(p.numel() for p in model.parameters()) < 4e6


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_demo_configs_train_and_predict(path):
    from mmaction.registry import DATASETS
    from mmengine.dataset import pseudo_collate

    config = Config.fromfile(path)
    model = build(config)
    for name in ('train', 'val', 'test'):
        dataset = config[f'{name}_dataloader'].dataset
        dataset = dataset.get('dataset', dataset)
        dataset.num_videos = 2
        batch = pseudo_collate(list(DATASETS.build(dataset)))
        data = model.data_preprocessor(batch, training=name == 'train')
        if name == 'train':
            loss = model.loss(**data)['loss_cls']
            assert torch.isfinite(loss)
        else:
            scores = model.predict(**data)[0].pred_score
            assert scores.shape == (10,)
            assert float(scores.detach().sum()) == pytest.approx(1, abs=1e-4)


def test_the_mirrored_label_is_the_mirrored_class():
    from mmrobust.datasets.synthetic import CLASSES

    swap = {'left': 'right', 'right': 'left'}
    pattern = re.compile('left|right')
    mirrored = [pattern.sub(lambda match: swap[match[0]], name) for name in CLASSES]
    expected = {i: CLASSES.index(name) for i, name in enumerate(mirrored) if name != CLASSES[i]}
    for path in CONFIGS:
        flips = [t for t in Config.fromfile(path).train_pipeline if t['type'] == 'Flip']
        assert [dict(flip.flip_label_map) for flip in flips] == [expected]


def test_the_shipped_checkpoint_loads_safely_and_fits_exactly():
    assert CHECKPOINT.stat().st_size < 2_000_000
    checkpoint = torch.load(CHECKPOINT, map_location='cpu', weights_only=True)
    assert set(checkpoint) == {'state_dict', 'meta'}
    build(Config.fromfile(DEMO)).load_state_dict(checkpoint['state_dict'], strict=True)


def test_the_card_names_the_shipped_file():
    card = CHECKPOINT.with_suffix('.md').read_text()
    assert hashlib.sha256(CHECKPOINT.read_bytes()).hexdigest() in card
    assert DEMO.name in card


@pytest.mark.slow
def test_the_demo_victim_recognises_the_test_videos(tmp_path):
    from mmengine.runner import Runner

    config = Config.fromfile(DEMO)
    config.work_dir, config.load_from = str(tmp_path), str(CHECKPOINT)
    config.log_level = 'ERROR'
    accuracy = Runner.from_cfg(config).test()['acc/top1']
    assert accuracy >= 0.9
