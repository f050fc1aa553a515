"""Noise without motion, and noise under random transforms."""

import pytest
import torch
import torch.nn.functional as F

from mmrobust.samplers import Geometric, MultiNoise, OneNoise
from mmrobust.samplers.geometric import IDENTITY, affine_matrices
from tests.samplers.toys import draw, video


def test_one_noise_is_equal_in_all_frames():
    noise = draw(OneNoise().bind(video()))
    assert torch.equal(noise, noise[:, :1].expand_as(noise))
    for channel in noise[:, 0]:
        assert len(channel.unique()) == 7 * 9


def test_multi_noise_is_independent_across_frames():
    noise = draw(MultiNoise().bind(video(frames=4, height=60, width=80)))
    rows = noise.transpose(0, 1).flatten(1)
    correlation = torch.corrcoef(rows) - torch.eye(4)
    # Its standard deviation is 1 / sqrt(3 * 60 * 80) = 0.008.
    assert correlation.abs().max() < 0.04


@pytest.mark.parametrize('sampler', [OneNoise(), MultiNoise(), Geometric()])
def test_any_number_of_channels_and_one_frame(sampler):
    assert draw(sampler.bind(video(channels=1, frames=1))).shape == (1, 1, 7, 9)


def release(numbers, kind):
    """The release's matrices (T, 2, 3) in coordinates of -1..1, entry by entry."""
    found = torch.zeros(len(numbers), 2, 3)
    for t, x in enumerate(numbers):
        if kind == 'translation':
            rows = [[1, 0, x[0]], [0, 1, x[1]]]
        elif kind == 'translation_dilation':
            rows = [[x[0], 0, x[1]], [0, x[0], x[2]]]
        elif kind == 'similarity':
            cos, sin = x[0].cos() * x[1], x[0].sin() * x[1]
            rows = [[cos, -sin, x[2]], [sin, cos, x[3]]]
        else:
            rows = [[x[0], x[1], x[2]], [x[3], x[4], x[5]]]
        found[t] = torch.tensor(rows)
    return found


@pytest.mark.parametrize('kind', IDENTITY)
def test_independent_transforms_are_those_of_the_release_on_square_frames(kind):
    generator = torch.Generator().manual_seed(0)
    frame = torch.randn(3, 1, 15, 15, generator=generator)[:, 0]
    numbers = torch.randn(6, len(IDENTITY[kind]), generator=generator)
    grid = F.affine_grid(release(numbers, kind), [6, 3, 15, 15], align_corners=True)
    expected = F.grid_sample(frame.expand(6, 3, 15, 15), grid, align_corners=True)
    found = draw(Geometric(kind).bind(video(frames=6, height=15, width=15)))
    torch.testing.assert_close(found.transpose(0, 1), expected, rtol=0, atol=1e-4)
    assert (expected.abs().amax(dim=(1, 2, 3)) > 0.1).sum() >= 4


@pytest.mark.parametrize('kind', IDENTITY)
def test_parameters_of_the_identity_are_it(kind):
    parameters = torch.tensor([IDENTITY[kind]] * 2)
    found = affine_matrices(kind, parameters, torch.tensor([4.0, 3.0]))
    assert torch.equal(found, torch.eye(2, 3).expand(2, 2, 3))


@pytest.mark.parametrize('kind', IDENTITY)
def test_a_chain_starts_at_the_frame_and_moves_a_little_more_each_time(kind):
    clip = video(frames=6, height=40, width=50)
    noise = Geometric(kind, form='chain', strength=1e-3).bind(clip)
    found = draw(noise)
    assert torch.equal(found[:, 0], draw(OneNoise().bind(clip))[:, 0])
    draws = torch.stack([draw(noise, seed) for seed in range(10)])
    # A random walk: on the average of some draws it goes away from frame 0.
    gap = (draws - draws[:, :, :1]).abs().mean(dim=(0, 1, 3, 4))
    assert 0 < gap[1] < 0.2
    assert gap[5] > 1.3 * gap[1]
    still = draw(Geometric(kind, form='chain', strength=0).bind(clip))
    assert torch.equal(still, found[:, :1].expand_as(found))


def test_steps_of_a_chain_add_up():
    clip = video(frames=4, height=21, width=31)
    generator = torch.Generator().manual_seed(0)
    frame = torch.randn(3, 1, 21, 31, generator=generator)[:, 0]
    steps = 0.1 * torch.randn(4, 2, generator=generator) * torch.tensor([15.0, 10.0])
    found = draw(Geometric('translation', form='chain', strength=0.1).bind(clip))
    shift = steps[1:].sum(dim=0) / torch.tensor([15.0, 10.0])
    theta = torch.cat([torch.eye(2), shift[:, None]], dim=1)[None]
    grid = F.affine_grid(theta, [1, 3, 21, 31], align_corners=True)
    expected = F.grid_sample(frame[None], grid, align_corners=True)[0]
    torch.testing.assert_close(found[:, 3], expected, rtol=0, atol=1e-4)


def test_a_chain_begins_anew_in_every_view():
    clip = video(frames=5, height=20, width=30)
    found = draw(Geometric('similarity', form='chain', strength=0.1).bind(clip, (0, 3)))
    first = draw(OneNoise().bind(clip))[:, 0]
    assert [t for t in range(5) if torch.equal(found[:, t], first)] == [0, 3]


BAD = [
    (dict(kind='rigid'), 'kind must be one of translation, '),
    (dict(strength=-1), 'strength must be a finite number >= 0'),
    (dict(strength=float('nan')), 'strength must be a finite number >= 0'),
    (dict(form='chained'), 'form must be independent or chain'),
]


@pytest.mark.parametrize(('options', 'message'), BAD)
def test_options_out_of_range_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        Geometric(**options)
