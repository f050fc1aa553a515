"""MMPose's own bottom-up configs, narrow and untrained, attacked on real pictures."""

import json

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.utils import get_installed_path

from mmrobust.cli.attack import main
from mmrobust.ledger.ledger import read_entries
from mmrobust.victims import BottomupVictim

pytestmark = [pytest.mark.real, pytest.mark.slow]

WIDTHS = """
_base_ = ['{base}']
model = {model}
pictures = dict(
    data_root='{folder}/', ann_file='test_coco.json', data_prefix=dict(img=''),
    pipeline={pipeline})
test_dataloader = dict(num_workers=0, persistent_workers=False, dataset=pictures)
test_evaluator = dict(ann_file='{folder}/test_coco.json')
"""
_BRANCHES = {
    f'stage{stage}': {'num_channels': [4 * 2**i for i in range(stage)]} for stage in (2, 3, 4)
}
_BLOCKS = {
    'stage1': {'num_blocks': [1], 'num_channels': [4]},
    'stage2': {'num_blocks': [1, 1]},
    'stage3': {'num_modules': 1, 'num_blocks': [1] * 3},
    'stage4': {'num_modules': 1, 'num_blocks': [1] * 4},
}
_EXTRA = {key: _BLOCKS[key] | _BRANCHES.get(key, {}) for key in _BLOCKS}
# Untrained heads are unsure: thresholds are next to nothing.
MODELS = {
    'associative_embedding/coco/ae_hrnet-w32_8xb24-300e_coco-512x512.py': {
        'backbone': {'extra': _EXTRA, 'init_cfg': None},
        'head': {'in_channels': 4, 'decoder': {'decode_topk': 4, 'decode_max_instances': 4}},
    },
    'yoloxpose/coco/yoloxpose_tiny_4xb64-300e_coco-416.py': {
        'backbone': {'widen_factor': 0.125, 'init_cfg': None},
        'neck': {'in_channels': [32, 64, 128], 'out_channels': 32},
        'head': {'head_module_cfg': {'widen_factor': 0.125}},
        'test_cfg': {'score_thr': 1e-6, 'nms_thr': 0.3},
    },
}
SIZE = (192, 128)


def _resize(steps):
    """The config's own pipeline for a smaller input."""
    found = [dict(step) for step in steps]
    for step in found:
        if step['type'] == 'BottomupResize':
            step['input_size'] = SIZE
    return found


@pytest.fixture(scope='module', params=MODELS, ids=['ae', 'yoloxpose'])
def run(request, real_data, tmp_path_factory):
    out = tmp_path_factory.mktemp('bottomup')
    base = f'{get_installed_path("mmpose")}/.mim/configs/body_2d_keypoint/{request.param}'
    steps = _resize(Config.fromfile(base).test_dataloader.dataset.pipeline)
    text = WIDTHS.format(
        base=base,
        model=MODELS[request.param],
        folder=real_data / 'mmpose_tests' / 'coco',
        pipeline=steps,
    )
    config, checkpoint = out / 'tiny.py', out / 'random.pth'
    config.write_text(text)
    init_default_scope('mmpose')
    import mmpose.models  # noqa: F401
    from mmpose.registry import MODELS as REGISTRY

    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = REGISTRY.build(Config.fromfile(config).model)
    torch.save({'state_dict': model.state_dict()}, checkpoint)
    words = [config, checkpoint, '--attack', 'PGD', '--work-dir', out / 'work', '--max-samples', 2]
    words += ['--cfg-options', 'attack.goal.reference=prediction', 'attack.steps=2']
    words += ['attack.goal.tau=0.05', 'attack.threat.eps=16']
    assert main([str(word) for word in words]) == 0
    return out / 'work'


def test_pose_bottomup_run_on_real_pictures_leaves_a_report(run):
    card = json.loads((run / 'report.json').read_text())
    assert card['goal']['type'] == 'CorruptPersons'
    assert card['n'] == card['evaluated'] == card['attacked'] == 2
    assert card['clean'].keys() == card['adversarial'].keys() >= {'coco/AP'}
    rows = list(read_entries(run).values())
    assert [row['persons'] for row in rows] == [1, 2]
    for row in rows:
        assert row['name'].endswith('.jpg')
        assert row.keys() >= {*BottomupVictim.record_keys}
        assert row['linf'] == 16
        assert len(row['clean_poses']) > 1
        assert 'scores_disagree' not in row['flags']
        assert len(row['clean_joints']) == 17 * row['persons']
    shown = sorted(path.name for path in (run / 'previews').iterdir())
    assert shown == ['000000.png', '000001.png']
