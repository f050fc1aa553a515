"""Streams with one answer: the scores of the stock script, and one track under attack."""

import json

import numpy as np
import pytest
import torch
from mmaction.evaluation import get_weighted_score
from mmengine.config import Config
from mmengine.dataset import pseudo_collate

from mmrobust.attacks.pgd import PGD
from mmrobust.cli.attack import main
from mmrobust.cli.verify import main as verify
from mmrobust.engine.victims import build_victim
from mmrobust.functional.averaging import weighted_mixture
from mmrobust.threats import JointL2
from mmrobust.victims.skeleton import FusedSkeletonVictim

from .test_skeleton_victim import Data, attacked, batch, build
from .toys import graph_pipeline, sample, transforms


def saved(folder, name, dimensions, feats, classes=5, averaging='prob'):
    """A stream's config and weights on disk, and its model."""
    victim, _ = build(dimensions, feats=feats)
    model = victim.model
    torch.manual_seed(len(name))
    torch.nn.init.normal_(model.cls_head.fc.weight, std=3.0)
    graph = {'layout': 'coco' if dimensions == 2 else 'nturgb+d', 'mode': 'spatial'}
    backbone = {
        'type': 'STGCN', 'graph_cfg': graph, 'in_channels': 3 * len(feats), 'base_channels': 8,
        'num_stages': 2, 'inflate_stages': [2], 'down_stages': [2],
    }  # fmt: skip
    head = {
        'type': 'GCNHead',
        'num_classes': classes,
        'in_channels': 16,
        'average_clips': averaging,
    }
    if classes != 5:
        model.cls_head.fc = torch.nn.Linear(16, classes)
    config = {
        'default_scope': 'mmaction',
        'model': {'type': 'RecognizerGCN', 'backbone': backbone, 'cls_head': head},
        'test_dataloader': {
            'dataset': {'type': 'PoseDataset', 'pipeline': graph_pipeline(dimensions, feats)}
        },
    }
    paths = {'config': str(folder / f'{name}.py'), 'checkpoint': str(folder / f'{name}.pth')}
    Config(config).dump(paths['config'])
    torch.save({'state_dict': model.state_dict()}, paths['checkpoint'])
    return paths, model


def fused(folder, dimensions=2, weights=(2.0, 1.0, 2.0)):
    """Joints, motions and bones as one victim, its data, and the models."""
    first, data = build(dimensions)
    streams, models = [], [first.model]
    for feats, weight in zip((('jm',), ('b',)), weights[1:], strict=True):
        paths, model = saved(folder, feats[0], dimensions, feats)
        streams.append({**paths, 'weight': weight})
        models.append(model)
    first.model.cls_head.average_clips = 'prob'
    victim = build_victim(first.model, {'streams': streams, 'weight': weights[0]})
    return victim, data, models


@pytest.fixture
def folder(tmp_path):
    return tmp_path


@pytest.mark.parametrize('dimensions', [2, 3])
def test_fused_scores_are_the_weighted_sum_of_the_stock_ones(folder, dimensions):
    victim, data, models = fused(folder, dimensions)
    assert type(victim) is FusedSkeletonVictim
    infos = [sample(dimensions, persons=2, frames=14, seed=s) for s in range(2)]
    loaded = batch(victim, data, infos)
    with torch.no_grad():
        samples, outputs = victim.predict(loaded.data)
    scores = []
    for model, feats in zip(models, (['j'], ['jm'], ['b']), strict=True):
        steps, packed = transforms(graph_pipeline(dimensions, feats)), []
        for info in infos:
            state = {k: v.copy() if hasattr(v, 'copy') else v for k, v in info.items()}
            for step in steps:
                state = step(state)
            packed.append(state)
        model.cls_head.average_clips = 'prob'
        with torch.no_grad():
            found = model.eval().test_step(pseudo_collate(packed))
        scores.append([one.pred_score.numpy() for one in found])
    wanted = np.array(get_weighted_score(scores, [2.0, 1.0, 2.0])) / 5
    assert np.allclose(outputs.exp(), wanted, atol=1e-6)
    assert np.allclose([one.pred_score.numpy() for one in samples], wanted, atol=1e-6)
    assert [int(one.pred_label) for one in samples] == wanted.argmax(1).tolist()
    ((rows, bound, pixels),) = victim.batches(loaded)
    assert torch.allclose(bound(pixels), outputs[rows], atol=1e-5)
    # No stream alone gives this.
    assert np.abs(np.array(scores) - wanted).max(axis=(1, 2)).min() > 1e-3


def test_fused_gradient_is_that_of_finite_differences(folder):
    victim, data, _ = fused(folder, 3)
    for one in victim.streams:
        one.model.double()
        one.model.data_preprocessor.to_float32 = False
    info = sample(3, frames=9, dtype=np.float64)
    ((_, bound, pixels),) = victim.batches(batch(victim, data, [info]))
    leaf = pixels.clone().requires_grad_()
    slope = torch.autograd.grad(bound(leaf)[0, 1], leaf)[0]
    order = slope.abs().flatten().argsort(descending=True)
    for place in order[[0, 5, 40]].tolist():
        step = torch.zeros_like(pixels).flatten()
        step[place] = 2e-4
        step = step.reshape(pixels.shape)
        with torch.no_grad():
            rise = (bound(pixels + step) - bound(pixels - step))[0, 1] / 4e-4
        assert float(rise) == pytest.approx(float(slope.flatten()[place]), rel=5e-2)


def test_fused_attack_moves_one_track_and_freezes_all(folder):
    victim, data, models = fused(folder)
    victim.streams[1].model.train()
    modes = [[m.training for m in one.model.modules()] for one in victim.streams]
    infos = [sample(2, frames=9, seed=s) for s in range(2)]
    loaded, outcomes = attacked(victim, data, infos, PGD(JointL2(0.05), steps=2, early_stop=False))
    assert [[m.training for m in one.model.modules()] for one in victim.streams] == modes
    victim.streams[1].model.eval()
    inputs = []
    for layout, outcome in zip(loaded.layouts, outcomes, strict=True):
        clean = layout.pixels()
        assert (
            0 < float(JointL2(0.05).distance(outcome.adversarial[None], clean[None])) <= 0.05 + 1e-9
        )
        inputs.append(victim.render(layout, outcome.adversarial))
    _, outputs = victim.predict({**loaded.data, 'inputs': inputs})
    assert torch.allclose(outputs, torch.stack([one.scores for one in outcomes]), atol=1e-5)


def test_fused_victim_moves_what_any_stream_sees(folder):
    """One stream sees one person, another two."""
    victim, _, _ = fused(folder)
    data = Data(graph_pipeline(2, persons=1))
    layout = batch(victim, data, [sample(2, persons=2, frames=9)]).layouts[0]
    assert bool(layout.stored.moves[1].any())


def test_fused_options_that_are_none(folder):
    first, _ = build(2)
    first.model.cls_head.average_clips = 'prob'
    good, _ = saved(folder, 'good', 2, ('jm',))
    other, _ = saved(folder, 'other', 2, ('jm',), classes=4)
    raw, _ = saved(folder, 'raw', 2, ('jm',), averaging='score')
    for streams, words in (
        ([], 'victim.streams must be a list of dict'),
        ([{'config': 'x'}], r'victim.streams\[0\] must be a dict with config and checkpoint'),
        ([{**good, 'wieght': 1}], "has no option 'wieght': did you mean 'weight'"),
        ([{**good, 'weight': 0}], r'victim.streams\[0\].weight must be a finite number > 0'),
        ([{**good, 'config': 5}], r'victim.streams\[0\].config must be a path'),
        ([other], r'tell the same classes apart, got .\[4, 5\] classes'),
        ([raw], "average_clips='prob'"),
    ):
        with pytest.raises(ValueError, match=words):
            build_victim(first.model, {'streams': streams})
    space, _ = saved(folder, 'space', 3, ('j',))
    victim = build_victim(first.model, {'streams': [space]})
    with pytest.raises(ValueError, match='must all see joints in a picture, or none'):
        victim.install(Data(graph_pipeline(2)))


def test_mixture_of_far_apart_answers_keeps_its_slopes():
    sure = torch.tensor([[500.0, 0.0]], dtype=torch.float64, requires_grad=True)
    found = weighted_mixture([sure, torch.tensor([[500.0, 0.0]]).double()], [1, 3])
    assert found[0, 1].item() == pytest.approx(-500.0)
    (slope,) = torch.autograd.grad(found[0, 1], sure)
    assert slope[0].tolist() == pytest.approx([-0.25, 0.25])


@pytest.mark.slow
def test_fused_run_from_the_command(folder, capsys):
    from tests.conftest import ROOT

    demo = ROOT / 'configs' / 'demo' / 'skeleton' / 'stgcnpp_tiny_synthetic-joints.py'
    cfg = Config.fromfile(demo)
    cfg.test_dataloader.dataset.pipeline[1]['feats'] = ['jm']
    cfg.dump(folder / 'motion.py')
    from mmaction.registry import MODELS

    for name in ('joint', 'motion'):
        torch.manual_seed(len(name))
        model = MODELS.build(cfg.model)
        torch.nn.init.normal_(model.cls_head.fc.weight, std=3.0)
        torch.save({'state_dict': model.state_dict()}, folder / f'{name}.pth')
    stream = f'dict(config="{folder}/motion.py", checkpoint="{folder}/motion.pth", weight=1)'
    work = folder / 'work'
    words = [str(demo), str(folder / 'joint.pth'), '--attack', 'PGD', '--work-dir', str(work)]
    options = ['attack.goal.reference=prediction', 'attack.steps=2', f'victim.streams=[{stream}]']
    words += ['--max-samples', '2', '--save-adv', str(folder / 'adv'), '--cfg-options', *options]
    assert main([*words, 'victim.weight=2']) == 0
    card = json.loads((work / 'report.json').read_text())
    assert card['space'] == 'track'
    assert card['evaluated'] == 2
    assert [one['weight'] for one in card['streams']] == [2.0, 1.0]
    assert card['streams'][1]['config'] == str(folder / 'motion.py')
    assert 'the config × 2 + motion × 1' in (work / 'report.html').read_text()
    assert verify([*words[:2], str(work)]) == 1
    assert 'of a run of one model' in capsys.readouterr().err
    assert 'disagree' not in json.dumps(card.get('flags', {}))
