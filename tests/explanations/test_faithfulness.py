"""Deletion and insertion on victims whose curves are known."""

import pytest
import torch
from explanation_toys import FRAMES, LEFT, SHAPE, TOP, Linear, Output, block_question

from mmrobust.explanations import Question
from mmrobust.explanations.faithfulness import Curves, Faithfulness
from mmrobust.victims import FunctionVictim


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def true_map() -> torch.Tensor:
    found = torch.zeros(SHAPE[1:])
    found[FRAMES, TOP, LEFT] = 1
    return found


def test_the_true_map_ends_the_score_at_once_and_brings_it_back_at_once():
    trial = Faithfulness(block_question(), steps=8)
    curves = trial.of_map(true_map(), seeded())
    # An eighth of the blocks holds the whole of it.
    assert curves.deletion[0] > 0.95
    assert curves.deletion[1:].max() < 0.1
    assert curves.insertion[0] < 0.1
    assert curves.insertion[1:].min() > 0.9
    assert curves.insertion[-1] == curves.deletion[0]
    assert curves.insertion[0] == curves.deletion[-1]


def test_the_opposite_map_is_worse_than_chance():
    trial = Faithfulness(block_question())
    worst, random = trial.of_map(-true_map(), seeded()).areas, trial.at_random(seeded()).areas
    assert worst['deletion'] > random['deletion']
    assert worst['insertion'] < random['insertion']


def test_curves_of_a_linear_victim_are_sums_of_contributions():
    shape = (3, 4, 4, 4)
    module = Linear(shape)
    pixels = torch.rand(1, *shape, generator=seeded(), dtype=torch.float64) * 255
    question = Question(FunctionVictim(module.double()), pixels, Output(), batch=3)
    change = (pixels - pixels.mean(dim=(2, 3, 4), keepdim=True))[0]
    contributions = (module.weight.detach() * change).sum(dim=0)
    trial = Faithfulness(question, steps=64, blocks=4, moments=4)
    curves = trial.of_map(contributions, seeded())
    whole, nothing = question.shares([torch.ones(4, 4, 4), torch.zeros(4, 4, 4)])
    gone = contributions.flatten().sort(descending=True).values.cumsum(0)
    gone = torch.cat([gone.new_zeros(1), gone])
    assert torch.allclose(curves.deletion, whole - gone)
    assert torch.allclose(curves.insertion, nothing + gone)


def test_areas_are_those_of_known_curves():
    curves = Curves(torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.0, 1.0, 1.0]))
    assert curves.areas == {'deletion': 0.25, 'insertion': 0.75}


def test_equal_blocks_come_in_a_random_order_of_the_seed():
    trial = Faithfulness(block_question(), steps=32)
    flat = torch.zeros(SHAPE[1:])
    one, same, other = (
        trial.of_map(flat, torch.Generator().manual_seed(seed)).deletion for seed in (1, 1, 2)
    )
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_at_random_is_the_mean_of_its_draws():
    trial = Faithfulness(block_question())
    random = seeded()
    each = [trial.of_map(trial.smooth(random), random) for _ in range(2)]
    found = trial.at_random(seeded(), draws=2)
    assert torch.allclose(found.deletion, (each[0].deletion + each[1].deletion) / 2)
    assert torch.allclose(found.insertion, (each[0].insertion + each[1].insertion) / 2)


def test_random_maps_are_smooth_and_lean_nowhere():
    trial = Faithfulness(block_question())
    random = seeded()
    maps = torch.stack([trial.smooth(random) for _ in range(400)])
    assert maps.shape[1:] == SHAPE[1:]
    # Three cells over 24 pixels, two over 8 frames.
    assert maps.diff(dim=3).abs().max() <= 3 / 23 + 1e-5
    assert maps.diff(dim=1).abs().max() <= 2 / 7 + 1e-5
    assert (maps.mean(dim=0) - 0.5).abs().max() < 0.07
    areas = trial.at_random(random, draws=60).areas
    assert areas['deletion'] == pytest.approx(1 - areas['insertion'], abs=0.1)


@pytest.mark.parametrize('option', ['steps', 'blocks', 'moments'])
def test_options_out_of_range_are_refused(option):
    with pytest.raises(ValueError, match=f'{option} must be a whole number, at least 1, got 0'):
        Faithfulness(block_question(), **{option: 0})
