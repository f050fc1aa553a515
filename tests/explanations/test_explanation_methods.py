"""Maps of victims whose answers are known, by formulas."""

import copy

import pytest
import torch
from explanation_toys import (
    FRAMES,
    SHAPE,
    BlockNet,
    Linear,
    Output,
    block_question,
    inside,
    planted,
)
from torch import nn

from mmrobust.explanations import Question
from mmrobust.explanations.faithfulness import Faithfulness
from mmrobust.registry import EXPLANATIONS
from mmrobust.victims import FunctionVictim

METHODS = ('Gradient', 'IntegratedGradients', 'Occlusion', 'RandomMasks', 'GradCAM')
every = pytest.mark.parametrize('name', METHODS)


def build(name: str, **options):
    if name not in ('RandomMasks', 'GradCAM'):
        pytest.importorskip('captum')
    return EXPLANATIONS.build({'type': name, **options})


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def linear() -> tuple[Question, torch.Tensor]:
    """A question about a linear victim, and what every pixel contributes (S)."""
    shape = (3, 4, 6, 8)
    module = Linear(shape)
    pixels = torch.rand(1, *shape, generator=seeded(1), dtype=torch.float64) * 255
    question = Question(FunctionVictim(module.double()), pixels, Output(), batch=5)
    change = (pixels - pixels.mean(dim=(2, 3, 4), keepdim=True))[0]
    return question, (module.weight.detach() * change).sum(dim=0)


def test_gradient_of_a_linear_victim_is_its_largest_weight(linear):
    question, _ = linear
    weight = question.victim.model.weight.detach()
    found = build('Gradient').map(question, seeded())
    assert torch.allclose(found, weight.abs().amax(dim=0))


def test_integrated_gradients_of_a_linear_victim_are_its_contributions(linear):
    question, contributions = linear
    found = build('IntegratedGradients', steps=3).map(question, seeded())
    assert torch.allclose(found.double(), contributions, rtol=1e-4, atol=1e-3)


def test_occlusion_of_a_linear_victim_is_the_mean_loss_of_the_blocks_over_a_pixel(linear):
    question, contributions = linear
    # Blocks of 2 frames, 3 x 4 pixels, which slide by 1, 1 and 2.
    found = build('Occlusion', blocks=2, moments=2).map(question, seeded())
    expected, covered = torch.zeros_like(contributions), torch.zeros_like(contributions)
    for t in range(0, 3):
        for y in range(0, 4):
            for x in range(0, 5, 2):
                block = (slice(t, t + 2), slice(y, y + 3), slice(x, x + 4))
                expected[block] += contributions[block].sum()
                covered[block] += 1
    assert torch.allclose(found.double(), expected / covered, rtol=1e-4, atol=1e-2)


def test_random_masks_converge_to_the_covariance_with_the_mask(linear):
    question, contributions = linear
    question.batch = 200
    method = build('RandomMasks', masks=4000, cells=2, moments=2)
    found = method.map(question, seeded()).double()
    from mmrobust.functional.random_masks import random_masks

    keep = random_masks(20_000, (4, 6, 8), (2, 2, 2), 0.5, seeded(7)).double()
    apart = (keep - keep.mean(dim=0)).flatten(1)
    expected = (apart.T @ (apart @ contributions.flatten()) / len(keep) / 0.5).reshape(4, 6, 8)
    gap = (found - expected).norm() / expected.norm()
    assert gap < 0.08


def test_random_masks_use_what_a_mask_keeps_in_the_mean(linear):
    question, _ = linear
    question.batch = 200
    few = build('RandomMasks', masks=2000, cells=1, moments=1, share=0.2).map(question, seeded())
    half = build('RandomMasks', masks=2000, cells=1, moments=1, share=0.5).map(question, seeded())
    # The variance of a coin is share * (1 - share), and the map is divided by the share.
    assert few.norm() / half.norm() == pytest.approx(0.8 / 0.5, rel=0.15)


@every
def test_every_map_peaks_where_the_victim_looks_and_beats_chance(name):
    question = block_question(BlockNet() if name == 'GradCAM' else None)
    found = build(name).map(question, seeded())
    assert found.shape == SHAPE[1:]
    trial = Faithfulness(question)
    areas, random = trial.of_map(found, seeded()).areas, trial.at_random(seeded()).areas
    assert areas['deletion'] < 0.15 < 0.4 < random['deletion']
    assert areas['insertion'] > 0.85 > 0.6 > random['insertion']
    if name != 'GradCAM':
        assert inside(found)


@pytest.mark.parametrize('name', ['Gradient', 'IntegratedGradients'])
def test_frames_and_pixels_that_the_victim_does_not_read_have_no_gradient(name):
    found = build(name).map(block_question(), seeded())
    unread = torch.ones(SHAPE[1:], dtype=torch.bool)
    unread[FRAMES, 8:14, 10:16] = False
    assert not found[unread].any()
    assert found[~unread].all()


def test_occlusion_finds_the_frames_that_a_victim_reads():
    found = build('Occlusion', moments=8, blocks=1).map(block_question(), seeded())
    by_frame = found.flatten(1).mean(dim=1)
    assert by_frame[FRAMES].min() > 0.1
    assert by_frame[:4].abs().max() < 1e-5
    assert by_frame[6:].abs().max() < 1e-5


@every
def test_victim_and_pixels_are_left_as_they_were(name):
    model = BlockNet().train()
    model.backbone.eval()
    model.more = nn.Linear(1, 1)
    model.backbone.weight.requires_grad_(False)
    before = copy.deepcopy([(m.training, len(m._forward_hooks)) for m in model.modules()])
    flags = [p.requires_grad for p in model.parameters()]
    pixels = planted()
    question = Question(FunctionVictim(model), pixels, block_question().score_of)
    build(name, **({'masks': 4} if name == 'RandomMasks' else {})).map(question, seeded())
    assert before == [(m.training, len(m._forward_hooks)) for m in model.modules()]
    assert not any(m._forward_pre_hooks for m in model.modules())
    assert flags == [p.requires_grad for p in model.parameters()]
    assert all(p.grad is None for p in model.parameters())
    assert torch.equal(pixels, planted())
    assert not pixels.requires_grad


@every
def test_a_picture_has_a_map_too(name):
    class Still(nn.Module):
        def __init__(self):
            super().__init__()
            self.backbone = nn.Conv2d(3, 2, 4, 4)

        def forward(self, pixels):
            return self.backbone(pixels).mean(dim=(2, 3))

    torch.manual_seed(0)
    pixels = (torch.rand(1, 3, 16, 20, generator=seeded()) * 255).to(torch.uint8)
    question = Question(FunctionVictim(Still()), pixels, Output())
    found = build(name).map(question, seeded())
    assert found.shape == (16, 20)
    assert found.isfinite().all()


def test_as_many_masks_are_shown_as_were_asked_for_and_no_more_at_once_than_the_batch():
    shown = []

    def counted(pixels):
        shown.append(len(pixels))
        return pixels.flatten(1)

    question = Question(FunctionVictim(counted), planted(), Output(), batch=4)
    build('RandomMasks', masks=10).map(question, seeded())
    assert shown == [4, 4, 2]


def test_random_masks_are_those_of_the_seed():
    maps = [build('RandomMasks', masks=8).map(block_question(), seeded(s)) for s in (1, 1, 2)]
    assert torch.equal(maps[0], maps[1])
    assert not torch.equal(maps[0], maps[2])


@pytest.mark.parametrize(
    ('name', 'options', 'message'),
    [
        ('Occlusion', {'blocks': 0}, 'blocks must be a whole number, at least 1, got 0'),
        ('Occlusion', {'moments': 1.5}, 'moments must be a whole number, at least 1, got 1.5'),
        ('RandomMasks', {'masks': 1}, 'masks must be a whole number, at least 2, got 1'),
        ('RandomMasks', {'share': 1}, 'share must be between 0 and 1, got 1'),
        ('IntegratedGradients', {'steps': 0}, 'steps must be a whole number, at least 1, got 0'),
        ('GradCAM', {'layer': 3}, 'layer must be the name of a layer, got 3'),
    ],
)
def test_options_out_of_range_are_refused(name, options, message):
    with pytest.raises(ValueError, match=message):
        EXPLANATIONS.build({'type': name, **options})


def test_without_captum_it_is_named(monkeypatch):
    import importlib

    def missing(name):
        raise ModuleNotFoundError(f'No module named {name!r}', name='captum')

    monkeypatch.setattr(importlib, 'import_module', missing)
    from mmrobust.explanations.base import captum_attr

    with pytest.raises(ImportError, match=r'captum, which pip install mmrobust\[explain\] brings'):
        captum_attr()
