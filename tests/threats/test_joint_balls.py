"""Balls round joints."""

import pytest
import torch

from mmrobust.functional.randomness import SampleRandom
from mmrobust.threats import FrameMask, JointL2, Linf


@pytest.fixture
def tracks():
    generator = torch.Generator().manual_seed(0)
    found = torch.randn(3, 3, 5, 4, 2, generator=generator, dtype=torch.float64)
    found[0, :, 2, 1, 0] = 0
    found[1, ..., 1] = 0
    return found


def ways(one, other):
    return (one - other).square().sum(1).sqrt()


def test_joint_ball_projects_every_joint_on_its_own(tracks):
    threat = JointL2(eps=0.3)
    away = tracks + 5 * torch.ones_like(tracks)
    near = tracks.clone()
    near[:, 0] += 0.2
    found = ways(threat.project(away, tracks), tracks)
    there = (tracks != 0).any(1)
    assert torch.allclose(found[there], torch.tensor(0.3, dtype=torch.float64))
    assert float(found[~there].abs().sum()) == 0
    kept = threat.project(near, tracks)
    expected = torch.where(there[:, None], near, tracks)
    assert torch.allclose(kept, expected)
    # It stays where it points to.
    one = threat.project(away, tracks) - tracks
    moved = one.movedim(1, -1)[there]
    assert torch.allclose(moved, moved[:, :1].expand_as(moved))


def test_joint_step_is_one_along_each_gradient(tracks):
    gradient = tracks * 1e-30
    found = JointL2().steepest(gradient).movedim(1, -1)
    there = (tracks != 0).any(1)
    assert torch.allclose(found.norm(dim=-1)[there], torch.ones((), dtype=torch.float64))
    assert torch.allclose(found[there], torch.nn.functional.normalize(tracks.movedim(1, -1)[there]))
    assert float(found[~there].abs().sum()) == 0
    assert bool(found.isfinite().all())


def test_joint_random_members_are_inside_and_fill_the_ball(tracks):
    threat = JointL2(eps=0.3)
    draws = [threat.random(tracks, SampleRandom.from_seeds([s, s + 1, s + 2])) for s in range(50)]
    lengths = torch.stack([ways(draw, tracks) for draw in draws])
    there = (tracks != 0).any(1)
    assert float(lengths[:, there].max()) <= 0.3
    assert float(lengths[:, there].mean()) == pytest.approx(0.15, abs=0.01)
    assert float(lengths[:, ~there].abs().sum()) == 0


def test_joint_distance_is_the_longest_way_and_infinite_for_who_was_not_found(tracks):
    threat, moved = JointL2(eps=0.3), tracks.clone()
    moved[0, :, 1, 1, 1] += torch.tensor([2.0, 3.0, 6.0])
    moved[1, 0, 3, 3, 0] -= 0.5
    assert threat.distance(moved, tracks).tolist() == pytest.approx([7, 0.5, 0])
    moved[0, 1, 2, 1, 0] = 1e-9
    assert threat.distance(moved, tracks)[0] == torch.inf


def test_joint_grid_steps_stay_inside(tracks):
    threat = JointL2(eps=0.3)
    inside = threat.random(tracks, SampleRandom.from_seeds([0, 1, 2]))
    found = threat.on_grid(inside, tracks, 0.01)
    steps = (found - tracks) / 0.01
    assert torch.allclose(steps, steps.round(), atol=1e-9)
    assert float(threat.distance(found, tracks).max()) <= 0.3
    assert float((found - inside).abs().max()) <= 0.01


def test_joint_budget_under_a_mask_of_frames(tracks):
    threat = FrameMask(JointL2(eps=0.3), frames=[1])
    found = threat.project(tracks + 1, tracks)
    assert {int(t) for t in ways(found, tracks).sum((0, 2, 3)).nonzero()} == {1}
    assert threat.each
    assert Linf().each
    assert threat.describe()['threat'] == {'type': 'JointL2', 'eps': 0.3}


@pytest.mark.parametrize(('eps', 'words'), [(-1, '>= 0'), (float('nan'), 'finite')])
def test_joint_budget_that_is_none(eps, words):
    with pytest.raises(ValueError, match=f'eps must be .*{words}'):
        JointL2(eps=eps)


def test_joint_ball_is_for_tracks():
    with pytest.raises(ValueError, match=r'pixels must be tracks \(N, 2 or 3, T, V, M\)'):
        JointL2().check(torch.zeros(1, 4, 3, 2, 2))
