"""Slow changes of tracks."""

import numpy as np
import pytest
import torch
from scipy.fft import dct

from mmrobust.functional.randomness import SampleRandom
from mmrobust.functional.slow_waves import fitted_waves
from mmrobust.threats import SmoothJoints


@pytest.fixture
def tracks():
    generator = torch.Generator().manual_seed(0)
    found = torch.randn(2, 3, 12, 4, 2, generator=generator, dtype=torch.float64)
    found[0, :, 3:6, 1, 0] = 0
    found[1, ..., 1] = 0
    return found


def there(tracks):
    return (tracks != 0).any(1, keepdim=True)


def roughness(delta):
    """What scipy's transform finds beyond the third wave, in joints that are always there."""
    return np.abs(dct(delta.numpy(), type=2, norm='ortho', axis=2)[:, :, 3:]).max((0, 1, 2))


def test_slow_changes_have_no_fast_waves_and_fit_in_the_ball(tracks):
    threat = SmoothJoints(eps=0.3, waves=3)
    away = tracks + 4 * torch.randn(
        tracks.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64
    )
    found = threat.project(away, tracks) - tracks
    assert roughness(found[:1])[[0, 2, 3]].max() < 1e-12
    longest = found.norm(dim=1).amax(dim=1)
    present = there(tracks).any(2)[:, 0]
    assert torch.allclose(longest[present], torch.tensor(0.3, dtype=torch.float64))
    assert float(found[~there(tracks).expand_as(found)].abs().sum()) == 0
    # Once more changes nothing, of joints with gaps neither.
    again = threat.project(tracks + found, tracks) - tracks
    assert torch.allclose(again, found, atol=1e-12)
    assert float(threat.distance(tracks + found, tracks).max()) <= 0.3 + 1e-12


def test_slow_change_inside_the_ball_stays(tracks):
    threat = SmoothJoints(eps=0.5, waves=2)
    time = torch.cos(torch.pi * (torch.arange(12, dtype=torch.float64) + 0.5) / 12)
    delta = 0.1 * (1 + time)[:, None, None] * there(tracks)
    assert torch.allclose(threat.project(tracks + delta, tracks), tracks + delta, atol=1e-12)


def test_fit_is_the_least_squares_one():
    rng = np.random.default_rng(0)
    change, seen = rng.normal(size=12), rng.random(12) > 0.4
    basis = np.cos(np.pi * np.outer(np.arange(3), np.arange(12) + 0.5) / 12)
    weights = np.linalg.lstsq(basis[:, seen].T, change[seen], rcond=None)[0]
    shape = (1, 1, 12, 1, 1)
    found = fitted_waves(
        torch.tensor(change).reshape(shape), torch.tensor(seen).reshape(shape), 3
    ).flatten()
    assert found.numpy() == pytest.approx(np.where(seen, weights @ basis, 0))


def test_one_wave_is_an_offset_and_as_many_as_frames_are_anything(tracks):
    away = tracks + 0.05 * torch.randn(
        tracks.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64
    )
    delta = SmoothJoints(eps=9, waves=1).project(away, tracks) - tracks
    static = delta[0, :, :, 0]
    assert torch.allclose(static, static[:, :1].expand_as(static))
    assert torch.allclose(static[:, 0], (away - tracks)[0, :, :, 0].mean(1))
    free = SmoothJoints(eps=9, waves=40).project(away, tracks)
    assert torch.allclose(free, torch.where(there(tracks), away, tracks), atol=1e-9)


def test_slow_step_has_length_one_and_climbs(tracks):
    threat = SmoothJoints(eps=0.3, waves=3)
    step = threat.steepest(tracks * 1e-25)
    longest = step.norm(dim=1).amax(dim=1)
    present = there(tracks).any(2)[:, 0]
    assert torch.allclose(longest[present], torch.ones((), dtype=torch.float64))
    assert float(longest[~present].sum()) == 0
    assert roughness(step).max() < 1e-12
    assert bool(((step * tracks).sum((1, 2))[present] > 0).all())


def test_slow_random_members_are_slow_and_inside(tracks):
    threat = SmoothJoints(eps=0.3, waves=3)
    drawn = threat.random(tracks, SampleRandom.from_seeds([0, 1]))
    assert float(threat.distance(drawn, tracks).max()) <= 0.3
    assert torch.allclose(threat.project(drawn, tracks), drawn, atol=1e-12)
    assert not torch.equal(drawn, tracks)


def test_no_waves_are_no_threat():
    with pytest.raises(ValueError, match='waves must be a whole number, at least 1, got 0'):
        SmoothJoints(waves=0)
    with pytest.raises(ValueError, match='for SmoothJoints'):
        SmoothJoints().check(torch.zeros(1, 4, 3, 2, 2))
