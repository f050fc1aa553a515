"""Tracks that are crafted on joints, shown to motions by way of their own pipeline."""

import json

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope

from mmrobust.cli.transfer import main
from mmrobust.datasets.synthetic_tracks import SyntheticTrackDataset
from mmrobust.ledger.ledger import read_entries
from tests.conftest import ROOT
from tests.victims.skeleton.toys import transforms

pytestmark = pytest.mark.slow

DEMO = ROOT / 'configs' / 'demo' / 'skeleton' / 'stgcnpp_tiny_synthetic-joints.py'
N = 2


def spec_of(folder, **changes):
    """Two streams with random weights that say something, and a file that names them."""
    init_default_scope('mmaction')
    from mmaction.registry import MODELS

    models, victims = {}, {}
    for name, feature in (('joints', 'j'), ('motions', 'jm')):
        cfg = Config.fromfile(DEMO)
        cfg.test_dataloader.dataset.pipeline[1]['feats'] = [feature]
        cfg.dump(folder / f'{name}.py')
        torch.manual_seed(len(name))
        model = MODELS.build(cfg.model).eval()
        for _ in range(50):
            torch.nn.init.normal_(model.cls_head.fc.weight, std=3.0)
            # Joints must look to it otherwise than motions do, or nobody could tell them apart.
            own = cfg.test_dataloader.dataset.pipeline
            other = [{**step, 'feats': ['j']} if 'feats' in step else step for step in own]
            if name == 'joints' or answers(model, own, [None]) != answers(model, other, [None]):
                break
        torch.save({'state_dict': model.state_dict()}, folder / f'{name}.pth')
        models[name] = model, cfg.test_dataloader.dataset.pipeline
        victims[name] = {
            'config': str(folder / f'{name}.py'),
            'checkpoint': str(folder / f'{name}.pth'),
        }
    goal = {'type': 'Misclassify', 'reference': 'prediction'}
    attack = {'type': 'PGD', 'steps': 2, 'threat': {'type': 'JointL2'}, 'goal': goal}
    spec = {
        'data': str(folder / 'joints.py'), 'victims': victims, 'attacks': {'pgd': attack},
        'eps': [0.1], 'sources': ['joints'], 'space': 'track', 'batch_size': 1, **changes,
    }  # fmt: skip
    Config(spec).dump(folder / 'spec.py')
    return models


def answers(model, pipeline, tracks):
    """What the stock test step says of tracks (M, T, V, C)."""
    dataset = SyntheticTrackDataset(N, [], split='test', test_mode=True)
    found, steps = [], transforms(pipeline)
    for index, track in enumerate(tracks):
        state = dataset.get_data_info(index)
        state['keypoint'] = state['keypoint'] if track is None else track
        for step in steps:
            state = step(state)
        with torch.no_grad():
            found.append(int(model.test_step(pseudo_collate([state]))[0].pred_label))
    return found


def test_streams_look_at_the_same_tracks_by_their_own_pipelines(tmp_path, monkeypatch):
    models = spec_of(tmp_path)
    tracks = []
    from mmrobust.victims.skeleton.victim import SkeletonVictim

    render = SkeletonVictim.render

    def watched(self, layout, adversarial):
        stored = layout.stored.track(adversarial)[1]
        known = [layout.stored.keypoint, *tracks]
        if not any(np.array_equal(stored, one) for one in known):
            tracks.append(stored)
        return render(self, layout, adversarial)

    monkeypatch.setattr(SkeletonVictim, 'render', watched)
    words = [str(tmp_path / 'spec.py'), '--work-dir', str(tmp_path / 'work')]
    assert main([*words, '--max-samples', str(N)]) == 0
    rows = sorted(read_entries(tmp_path / 'work').values(), key=lambda row: row['sample'])
    assert len(tracks) == len(rows) == N
    for name, (model, pipeline) in models.items():
        for side, shown in (('clean', [None] * N), ('adversarial', tracks)):
            found = [row['targets'][name][f'{side}_prediction'] for row in rows]
            assert found == answers(model, pipeline, shown)
    assert 0 < rows[0]['linf'] <= 0.1
    card = json.loads((tmp_path / 'work' / 'transfer.json').read_text())
    assert card['spec']['space'] == 'track'


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        ({'space': 'video'}, 'space must be track or view for skeletons'),
        ({'eps': [8]}, 'attack.threat.eps must be at most 1'),
    ],
)
def test_budgets_and_spaces_of_videos_are_refused(tmp_path, capsys, changes, words):
    spec_of(tmp_path, **changes)
    assert main([str(tmp_path / 'spec.py'), '--work-dir', str(tmp_path / 'work')]) == 1
    assert words in capsys.readouterr().err
