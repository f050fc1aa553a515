"""Which layer of MMAction2's own networks Grad-CAM takes, and how its grid is laid out."""

from pathlib import Path

import mmaction
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmrobust.explanations import Question
from mmrobust.explanations.grad_cam import GradCAM
from mmrobust.explanations.layers import features, recorded
from mmrobust.explanations.scores import ClassScore
from mmrobust.victims import frozen
from mmrobust.victims.action.victim import ActionVictim

STOCK = Path(mmaction.__file__).parent / '.mim' / 'configs' / 'recognition'
BASE = 'timesformer/timesformer_{}_8xb8-8x32x1-15e_kinetics400-rgb.py'
SMALL = {'num_transformer_layers': 2, 'num_frames': 4, 'img_size': 64, 'embed_dims': 48}
SMALL_HEAD = {'in_channels': 48}
SWIN = {'arch': {'embed_dims': 24, 'depths': [1, 1, 2, 1], 'num_heads': [2, 2, 2, 2]}}
# Config, changes of backbone and head, the layer that is taken, its grid.
NETWORKS = {
    'swin': (
        'swin/swin-tiny-p244-w877_in1k-pre_8xb8-amp-32x2x1-30e_kinetics400-rgb.py',
        *(SWIN, {'in_channels': 192}, 'backbone', (2, 2, 2)),
    ),
    'mvit': (
        'mvit/mvit-small-p244_32xb16-16x4x1-200e_kinetics400-rgb.py',
        *({'spatial_size': 64, 'temporal_size': 4}, {}, 'backbone.blocks.15.norm1', (2, 2, 2)),
    ),
    'divided': (
        BASE.format('divST'),
        *(SMALL, SMALL_HEAD, 'backbone.transformer_layers.layers.1.attentions.1.norm', (4, 4, 4)),
    ),
    'joint': (
        BASE.format('jointST'),
        *(SMALL, SMALL_HEAD, 'backbone.transformer_layers.layers.1.norms.0', (4, 4, 4)),
    ),
    'space': (
        BASE.format('spaceOnly'),
        *(SMALL, SMALL_HEAD, 'backbone.transformer_layers.layers.1.norms.0', (4, 4, 4)),
    ),
}


def built(name: str) -> tuple[ActionVictim, str, tuple[int, ...]]:
    init_default_scope('mmaction')
    from mmaction.registry import MODELS

    path, backbone, head, layer, grid = NETWORKS[name]
    cfg = Config.fromfile(STOCK / path).model
    cfg.pop('train_cfg', None)
    cfg.backbone.update(pretrained=None, **backbone)
    cfg.cls_head.update(head)
    torch.manual_seed(0)
    return ActionVictim(MODELS.build(cfg).eval(), space='view', memory_limit=8), layer, grid


def clip() -> torch.Tensor:
    return torch.rand(1, 3, 4, 64, 64, generator=torch.Generator().manual_seed(1)) * 255


def run(victim: ActionVictim, pixels: torch.Tensor, layer: str = ''):
    question = Question(victim.bind_pixels(pixels), pixels, ClassScore(3, 'three'))
    leaf = question.pixels.clone().requires_grad_()
    with frozen(victim.model), torch.enable_grad(), recorded(victim.model) as calls:
        score = question.score(leaf).sum()
        (found,) = features(victim.model, calls, score, layer)
    return question, found


@pytest.mark.slow
@pytest.mark.parametrize('name', NETWORKS)
def test_a_transformer_has_a_layer_and_a_map(name):
    victim, layer, grid = built(name)
    question, found = run(victim, clip())
    assert found.name == layer
    assert tuple(found.values.shape[2:]) == grid
    with frozen(victim.model):
        heat = GradCAM().map(question, torch.Generator())
    assert heat.shape == (4, 64, 64)
    assert heat.max() > 0


@pytest.mark.parametrize('name', ['joint', 'space'])
def test_tokens_lie_where_their_patches_were_cut(name):
    victim, *_ = built(name)
    # The first norm sees every token for itself.
    first = 'backbone.transformer_layers.layers.0.norms.0'
    before = clip()
    after = before.clone()
    after[:, :, 2, 16:32, 48:64] = 255 - after[:, :, 2, 16:32, 48:64]
    one, other = (run(victim, pixels, first)[1].values for pixels in (before, after))
    changed = (one - other).abs().amax(dim=1)[0] > 1e-6
    assert changed.nonzero().tolist() == [[2, 1, 3]]


def test_recognisers_of_clips_and_of_frames_have_maps_of_the_video(recognizer):
    _, model = recognizer
    victim = ActionVictim(model, space='view')
    pixels = torch.rand(1, 3, 3, 24, 24) * 255
    question, found = run(victim, pixels)
    assert found.name == 'backbone'
    with frozen(model):
        heat = GradCAM().map(question, torch.Generator())
    assert heat.shape == (3, 24, 24)
    assert heat.max() > 0
