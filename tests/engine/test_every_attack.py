"""Every shipped config of an attack, by its name, from the command to the report."""

import json

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmrobust.engine.attack_configs import named
from mmrobust.registry import ATTACKS, find
from tests.conftest import ROOT
from tests.engine.runs import attack_run, rows

pytestmark = pytest.mark.sampled(6)

NAMES = sorted(path.stem for path in (ROOT / 'configs' / '_base_' / 'attacks').glob('*.py'))
POSE = 'configs/demo/pose/td-hm_tiny-r18_synthetic-64x80.py'
POSE_WEIGHTS = ROOT / 'mmrobust' / 'resources' / 'demo_pose_victim.pth'
SKELETON = ROOT / 'configs' / 'demo' / 'skeleton' / 'stgcnpp_tiny_synthetic-joints.py'
# The embedded figures' bodies.
BODY = 'attack.parents=[1,1,1,1,2,3,4,5,1,1,8,9,10,11]'
# Enough to come to an end.
SHORT = {'steps': 3, 'budget': 60, 'searches': 2, 'targets': 2}


def shortened(name):
    """Overrides of what the config has, as the command takes them."""
    options = ATTACKS.build(named(name)).describe()
    if name.startswith('worst_case'):
        return []
    return [f'attack.{key}={value}' for key, value in SHORT.items() if options.get(key)]


@pytest.mark.parametrize('name', NAMES)
def test_it_runs_to_its_report(name, checkpoints, tmp_path):
    if name.startswith('kaa'):
        config, weights = str(ROOT / POSE), POSE_WEIGHTS
    elif name in ('smart', 'bone_length'):
        config, weights = str(SKELETON), tmp_path / 'skeleton.pth'
        init_default_scope('mmaction')
        model = MODELS.build(Config.fromfile(SKELETON).model)
        torch.save({'state_dict': model.state_dict(), 'meta': {}}, weights)
    else:
        config, weights = 'tiny_3d', checkpoints['tiny_3d']
    words = ['--attack', name, '--max-samples', '2']
    options = ['attack.goal.reference=prediction'] if not name.startswith('kaa') else []
    options += [BODY] if config == str(SKELETON) else []
    options += shortened(name)
    # Its clips have six frames.
    options += ['attack.threat.eps=3'] if name == 'frame_sparse' else []
    card = attack_run(weights, tmp_path, *words, '--cfg-options', *options, config=config)
    assert card['attack']['type'] == find(ATTACKS, named(name)['type']).__name__
    assert card['n'] == len(rows(tmp_path)) == 2
    assert card['attacked'] > 0
    assert (tmp_path / 'report.html').stat().st_size > 10_000
    assert json.dumps(card, allow_nan=False)
