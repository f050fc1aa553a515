"""Tracks whose bones keep their lengths."""

import pytest
import torch

from mmrobust.functional.bones import PARENTS, bone_vectors, outwards, with_lengths
from mmrobust.functional.randomness import SampleRandom
from mmrobust.threats import JointL2, KeptBones

TREE = (1, 1, 1, 2, 3)


@pytest.fixture
def tracks():
    generator = torch.Generator().manual_seed(0)
    found = torch.randn(2, 3, 6, 5, 2, generator=generator, dtype=torch.float64)
    found[0, :, 2, 2, 0] = 0
    found[1, ..., 1] = 0
    return found


def noisy(tracks, size, seed=1):
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(tracks.shape, generator=generator, dtype=torch.float64)
    return tracks + size * noise


def changes(one, other, tree=TREE):
    """Relative change of bones whose ends are both there."""
    bones = outwards(tree)
    before, after = (bone_vectors(track, bones).norm(dim=1) for track in (other, one))
    there = (other != 0).any(1)
    ends, starts = (list(joints) for joints in zip(*bones, strict=True))
    both = there[:, :, ends] & there[:, :, starts]
    return ((after - before).abs() / before.where(before > 0, 1.0))[both]


@pytest.mark.parametrize('beta', [0.0, 0.02, 0.3])
def test_kept_bones_hold_and_joints_stay_in_their_balls(tracks, beta):
    threat = KeptBones(eps=0.2, beta=beta, parents=TREE)
    found = threat.project(noisy(tracks, 0.3), tracks)
    assert float(changes(found, tracks).max()) <= beta + 1e-7
    assert float(threat.distance(found, tracks).max()) <= 0.2 + 1e-7
    # It is no retreat to the clean track.
    moved = (found - tracks).norm(dim=1)
    assert float(moved[(tracks != 0).any(1)].mean()) > 0.03
    # What the balls alone leave is another length.
    free = JointL2(0.2).project(noisy(tracks, 0.3), tracks)
    assert float(changes(free, tracks).max()) > beta + 0.01


def test_kept_bones_leave_the_clean_track_and_what_is_allowed(tracks):
    threat = KeptBones(eps=0.2, beta=0.02, parents=TREE)
    assert torch.allclose(threat.project(tracks, tracks), tracks, atol=1e-15)
    shifted = tracks + 0.1 * (tracks != 0).any(1, keepdim=True)
    assert torch.allclose(threat.project(shifted, tracks), shifted, atol=1e-12)
    assert torch.equal(KeptBones(eps=0.0, parents=TREE).project(noisy(tracks, 1), tracks), tracks)


def test_kept_bones_turn_freely(tracks):
    # The last bone round its joint by 0.1 rad: no length changes.
    turned = tracks.clone()
    bone = tracks[:, :, :, 4] - tracks[:, :, :, 3]
    angle = torch.tensor(0.1, dtype=torch.float64)
    cos, sin = angle.cos(), angle.sin()
    rotated = torch.stack(
        [cos * bone[:, 0] - sin * bone[:, 1], sin * bone[:, 0] + cos * bone[:, 1], bone[:, 2]], 1
    )
    turned[:, :, :, 4] = tracks[:, :, :, 3] + rotated
    found = KeptBones(eps=5.0, beta=0.0, parents=TREE).project(turned, tracks)
    assert torch.allclose(found, turned, atol=1e-9)


def test_walk_gives_each_bone_its_length_and_takes_along_what_hangs_on_it():
    clean = torch.tensor([[0.0, 1.0, 2.0]], dtype=torch.float64).reshape(1, 1, 1, 3, 1)
    clean = torch.cat([clean + 1, torch.ones_like(clean)], dim=1)
    places = clean.clone()
    places[0, 0, 0, 1] += 1.0
    places[0, 0, 0, 2] += 1.0
    found = torch.ones(1, 1, 1, 3, 1, dtype=torch.bool)
    held = with_lengths(places, clean, found, outwards((0, 0, 1)), 0.1)
    assert held[0, 0, 0, :, 0].tolist() == pytest.approx([1.0, 2.1, 3.1])
    places[0, 0, 0, 1] = places[0, 0, 0, 0]
    places[0, 1, 0, 1] = places[0, 1, 0, 0]
    short = with_lengths(places, clean, found, outwards((0, 0, 1)), 0.1)
    # Without a length it has the clean direction, and the least length.
    assert float(short[0, 0, 0, 1, 0]) == pytest.approx(1.9)


def test_kept_bones_random_members_are_members(tracks):
    threat = KeptBones(eps=0.2, beta=0.02, parents=TREE)
    drawn = threat.random(tracks, SampleRandom.from_seeds([0, 1]))
    assert float(changes(drawn, tracks).max()) <= 0.02 + 1e-7
    assert float(threat.distance(drawn, tracks).max()) <= 0.2 + 1e-7
    assert not torch.equal(drawn, tracks)


def test_bodies_are_trees_that_grow_outwards():
    for count, parents in PARENTS.items():
        bones = outwards(parents)
        assert len(bones) == count - 1
        reached = {joint for joint, parent in enumerate(parents) if joint == parent}
        for joint, parent in bones:
            assert parent in reached
            reached.add(joint)
        assert reached == set(range(count))


@pytest.mark.parametrize(('parents', 'words'), [
    ((1, 0), 'of one root'), ((0, 1), 'of one root'), ((0, 2, 1), 'without a circle'),
    ((0, 5), 'a list with one joint before each'), ((), 'a list with one joint before each'),
])  # fmt: skip
def test_parents_that_are_no_tree(parents, words):
    with pytest.raises(ValueError, match=f'parents must be {words}'):
        KeptBones(parents=parents)


def test_bones_of_another_body_are_asked_for(tracks):
    with pytest.raises(ValueError, match='threat.parents must be given for other skeletons'):
        KeptBones().check(tracks)
    with pytest.raises(ValueError, match='threat.parents must be of 5 joints, got 2'):
        KeptBones(parents=(0, 0)).check(tracks)
    with pytest.raises(ValueError, match='beta must be a finite number >= 0'):
        KeptBones(beta=-1)
