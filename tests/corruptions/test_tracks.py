"""What every corruption of tracks owes, and what each of them does, against hand-made tracks."""

import numpy as np
import pytest

from mmrobust.corruptions.tracks import (
    BlockDrop,
    Draws,
    JointDropout,
    JointNoise,
    JointSwap,
    Lag,
    Outliers,
    PartDropout,
    RandomDrop,
    Track,
    UniformDrop,
)
from mmrobust.registry import TRACK_CORRUPTIONS

EVERY = TRACK_CORRUPTIONS.everything()
SEVERITIES = range(1, 6)


def walk(persons: int = 2, frames: int = 40, joints: int = 17, axes: int = 2) -> Track:
    """Joints that drift; of the second person some are not found."""
    rng = np.random.default_rng(0)
    rest = rng.uniform(40, 90, (persons, 1, joints, axes))
    drift = np.cumsum(rng.normal(0.5, 0.2, (persons, frames, 1, axes)), 1)
    keypoint = (rest + drift).astype(np.float32)
    score = rng.uniform(0.4, 1, (persons, frames, joints)).astype(np.float32)
    keypoint[1:, 5:9, 3] = score[1:, 5:9, 3] = 0
    return Track(keypoint, score if axes == 2 else None)


def line(frames: int) -> Track:
    """One person of 17 joints, all of them at 1 + t, of score (1 + t) / 100."""
    times = 1.0 + np.arange(frames)
    keypoint = np.broadcast_to(times[None, :, None, None], (1, frames, 17, 2)).copy()
    return Track(keypoint, np.broadcast_to(times[None, :, None] / 100, (1, frames, 17)).copy())


def ladder(kind, track: Track, seed: int = 3, sample: int = 0) -> list[Track]:
    return list(kind.ladder(track, Draws(seed, kind.name, sample), range(6)))


def same(one: Track, other: Track) -> bool:
    scores = one.score is None or np.array_equal(one.score, other.score)
    return np.array_equal(one.keypoint, other.keypoint) and scores


@pytest.fixture(params=sorted(EVERY))
def kind(request):
    return EVERY[request.param]()


# --- the contract ---------------------------------------------------------------------


@pytest.mark.parametrize('axes', [2, 3])
def test_tracks_come_back_changed_and_the_clean_one_stays(kind, axes):
    track = walk(axes=axes, joints=17 if axes == 2 else 25)
    before = Track(track.keypoint.copy(), None if track.score is None else track.score.copy())
    clean, *corrupted = ladder(kind, track)
    assert clean is track
    assert same(track, before)
    for found in corrupted:
        assert not same(found, track)
        assert found.keypoint.dtype == np.float32
        assert (found.score is None) == (axes == 3)
        assert found.score is None or found.score.dtype == np.float32
        assert found.keypoint.shape[::3] == track.keypoint.shape[::3]
        # What was not found is not made up.
        if found.keypoint.shape == track.keypoint.shape and not isinstance(kind, JointSwap):
            assert not found.found[~track.found].any()


def test_draws_depend_on_seed_and_sample_alone(kind):
    np.random.seed(0)
    state = np.random.get_state()[1].copy()
    first, again = ladder(kind, walk()), ladder(kind, walk())
    assert all(same(one, other) for one, other in zip(first, again, strict=True))
    assert same(kind(walk(), 4, Draws(3, kind.name, 0)), first[4])
    if kind.draw(walk(), Draws(3, kind.name, 0)) is not None:
        for other in (ladder(kind, walk(), seed=4), ladder(kind, walk(), sample=1)):
            assert not all(same(one, two) for one, two in zip(first, other, strict=True))
    np.testing.assert_array_equal(np.random.get_state()[1], state)


def test_five_severities_and_a_description_that_builds_it_again(kind):
    assert len(kind.constants) == 5
    assert TRACK_CORRUPTIONS.build(kind.describe()) == kind
    with pytest.raises(ValueError, match='severity must be 0'):
        kind(walk(), 6, Draws(0, 'any', 0))


def test_short_and_empty_tracks(kind):
    for track in (walk(1, 1), walk(1, 2), Track(np.zeros((1, 4, 17, 2)), np.zeros((1, 4, 17)))):
        for found in ladder(kind, track):
            assert found.keypoint.shape[1] >= 1
            assert np.isfinite(found.keypoint).all()


@pytest.mark.parametrize(
    ('values', 'named'),
    [
        ({'keypoint': np.zeros((2, 17, 2))}, 'keypoint'),
        ({'keypoint': np.full((1, 1, 1, 2), np.nan)}, 'keypoint'),
        ({'keypoint': [[1]]}, 'keypoint'),
        ({'keypoint': np.zeros((1, 2, 3, 2)), 'score': np.zeros((1, 2))}, 'score'),
    ],
)
def test_refused_tracks(values, named):
    with pytest.raises(ValueError, match=f'^{named} must be'):
        Track(**values)


# --- frames ---------------------------------------------------------------------------


def left(kind, frames: int, severity: int, sample: int = 0) -> list[int]:
    found = kind(line(frames), severity, Draws(0, kind.name, sample))
    return (found.keypoint[0, :, 0, 0] - 1).astype(int).tolist()


def test_frames_that_are_left():
    assert left(UniformDrop(), 10, 1) == [0, 2, 4, 6, 8]
    assert left(UniformDrop(), 33, 3) == [0, 8, 16, 24, 32]
    assert UniformDrop().left(33, None, 32).tolist() == [0, 32]
    numbers = np.array([0.5, 0.1, 0.9, 0.3, 0.2, 0.8, 0.7, 0.6, 0.4, 0.95])
    assert RandomDrop().left(10, numbers, 2).tolist() == [0, 1, 3, 4, 8]
    assert RandomDrop().left(10, numbers, 8).tolist() == [1, 4]
    # Five of ten are left, none to all of them before the block.
    assert BlockDrop().left(10, 0.0, 2).tolist() == [5, 6, 7, 8, 9]
    assert BlockDrop().left(10, 0.4, 2).tolist() == [0, 1, 7, 8, 9]
    assert BlockDrop().left(10, 0.999, 2).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize('form', [UniformDrop, RandomDrop, BlockDrop])
@pytest.mark.parametrize('frames', [1, 3, 10, 33])
def test_all_forms_leave_as_many(form, frames):
    for severity, n in zip(SEVERITIES, (2, 4, 8, 16, 32), strict=True):
        found = left(form(), frames, severity)
        assert len(found) == -(-frames // n)
        assert found == sorted(set(found))


def test_random_frames_of_a_severity_are_among_those_of_a_milder_one():
    sets = [set(left(RandomDrop(), 64, severity)) for severity in SEVERITIES]
    assert all(more > fewer for more, fewer in zip(sets, sets[1:], strict=False))


def test_what_stands_in_the_place_of_lost_frames():
    drawing = 0.4  # of ten frames 2 to 6 are lost
    for fill, right in (
        ('hold', [0, 1, 1, 1, 1, 1, 1, 7, 8, 9]),
        ('linear', list(range(10))),
    ):
        found = BlockDrop(fill=fill).apply(line(10), drawing, 1)
        np.testing.assert_allclose(found.keypoint[0, :, 3, 1] - 1, right)
        np.testing.assert_allclose(100 * found.score[0, :, 3] - 1, right)
    found = BlockDrop(fill='zero').apply(line(10), drawing, 1)
    np.testing.assert_array_equal(found.found[0, :, 0], [1, 1, 0, 0, 0, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(found.score[0, :, 0] > 0, found.found[0, :, 0])
    # Before the first and behind the last there is nothing to go to.
    for fill in ('hold', 'linear'):
        found = BlockDrop(fill=fill).apply(line(10), 0.0, 1)
        np.testing.assert_allclose(found.keypoint[0, :, 0, 0] - 1, [5] * 5 + [5, 6, 7, 8, 9])
        found = UniformDrop(fill=fill).apply(line(10), None, 1)
        assert found.keypoint[0, 9, 0, 0] - 1 == 8


def test_a_joint_that_one_of_both_frames_has_not_is_not_between_them():
    track = line(5)
    track.keypoint[0, 4, 2] = 0
    found = UniformDrop(fill='linear').apply(track, None, 1)
    np.testing.assert_array_equal(found.found[0, :, 2], [1, 1, 1, 0, 0])
    assert found.found[0, :, 1].all()
    with pytest.raises(ValueError, match='^fill must be one of'):
        UniformDrop(fill='repeat')


# --- joints ---------------------------------------------------------------------------


def test_noise_grows_with_the_person():
    track = line(2000)
    track.keypoint[:] = np.arange(1.0, 18)[:, None] * [1, 2]
    # Joints span 16 along x and 32 along y.
    np.testing.assert_array_equal(track.size(), [32])
    for severity, share in zip(SEVERITIES, (0.005, 0.01, 0.015, 0.025, 0.04), strict=True):
        found = JointNoise()(track, severity, Draws(0, 'any', 0))
        off = found.keypoint - track.keypoint
        assert off.std() == pytest.approx(32 * share, rel=0.02)
        assert abs(off.mean()) < 4 * 32 * share / off.size**0.5
        np.testing.assert_array_equal(found.score, track.score)
    large = Track(10 * track.keypoint)
    found = JointNoise()(large, 5, Draws(0, 'any', 0)).keypoint - large.keypoint
    np.testing.assert_allclose(found, 10 * off, rtol=1e-9, atol=1e-9)


def test_dropped_joints():
    track, before = line(2000), np.zeros((1, 2000, 17), bool)
    for severity, chance in zip(SEVERITIES, (0.05, 0.1, 0.2, 0.3, 0.5), strict=True):
        found = JointDropout()(track, severity, Draws(0, 'any', 0))
        lost = ~found.found
        assert abs(lost.mean() - chance) < 4 * (chance / lost.size) ** 0.5
        assert lost[before].all()
        np.testing.assert_array_equal(found.score == 0, lost)
        before = lost


def test_outliers_lie_in_the_box_and_are_sure():
    track, before = walk(1, 2000), np.zeros((1, 2000, 17), bool)
    low, high = (side(track.keypoint, axis=2) for side in (np.min, np.max))
    last = track
    for severity, chance in zip(SEVERITIES, (0.01, 0.02, 0.05, 0.1, 0.2), strict=True):
        found = Outliers()(track, severity, Draws(0, 'any', 0))
        wrong = (found.keypoint != track.keypoint).any(-1)
        assert abs(wrong.mean() - chance) < 4 * (chance / wrong.size) ** 0.5
        np.testing.assert_array_equal(found.keypoint[before], last.keypoint[before])
        assert (found.keypoint >= low[:, :, None] - 1e-3).all()
        assert (found.keypoint <= high[:, :, None] + 1e-3).all()
        np.testing.assert_array_equal(found.score, track.score)
        before, last = wrong, found
    share = ((found.keypoint - low[:, :, None]) / (high - low)[:, :, None])[wrong]
    np.testing.assert_allclose(share.mean(0), 0.5, atol=0.02)
    np.testing.assert_allclose(share.std(0), 12**-0.5, atol=0.02)
    assert abs(np.corrcoef(share.T)[0, 1]) < 0.06


@pytest.mark.parametrize(('severity', 'share'), [(1, 0.8), (5, 0.2)])
def test_lag_of_a_jump_is_a_power(severity, share):
    track = line(8)
    track.keypoint[:, :3] = 10
    track.keypoint[:, 3:] = 20
    track.keypoint[0, 5, 4] = 0
    found = Lag()(track, severity, Draws(0, 'any', 0)).keypoint[0, :, :, 0]
    late = 20 - 10 * (1 - share) ** np.arange(1, 6)
    np.testing.assert_allclose(found[:, 0], [10, 10, 10, *late])
    # A joint that is found again starts there.
    np.testing.assert_allclose(found[:, 4], [10, 10, 10, late[0], late[1], 0, 20, 20])


# --- limbs ----------------------------------------------------------------------------


def test_one_limb_is_hidden_for_a_while():
    right = {(5, 7, 9), (6, 8, 10), (11, 13, 15), (12, 14, 16)}
    seen = set()
    for sample in range(40):
        last = 0
        for severity, frames in zip(SEVERITIES, (4, 8, 12, 16, 20), strict=True):
            found = PartDropout()(line(40), severity, Draws(0, 'any', sample))
            lost = ~found.found[0]
            joints = tuple(np.flatnonzero(lost.any(0)).tolist())
            times = np.flatnonzero(lost.any(1))
            assert lost.sum() == frames * 3
            assert times[-1] - times[0] == frames - 1
            np.testing.assert_array_equal(found.score[0] == 0, lost)
            assert last in (0, joints)
            last = joints
        seen.add(joints)
    assert seen == right


def test_left_and_right_are_exchanged_with_their_scores():
    track = line(4)
    track.keypoint[:] = np.arange(1.0, 18)[:, None]
    track.score[:] = np.arange(17) / 20
    # Arms in the first frame, legs in the second, both in the third.
    drawing = np.array([[[0.0, 1], [1, 0], [0, 0], [1, 1]]])
    found = JointSwap().apply(track, drawing, 1)
    arms = [0, 1, 2, 3, 4, 6, 5, 8, 7, 10, 9, 11, 12, 13, 14, 15, 16]
    legs = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 11, 14, 13, 16, 15]
    both = [arms[joint] for joint in legs]
    for frame, order in enumerate((arms, legs, both, range(17))):
        np.testing.assert_array_equal(found.keypoint[0, frame, :, 0] - 1, list(order))
        np.testing.assert_allclose(found.score[0, frame] * 20, list(order))


def test_as_many_pairs_are_exchanged_as_is_said():
    track, before = line(4000), np.zeros((4000, 2), bool)
    track.keypoint[:] = np.arange(1.0, 18)[:, None]
    for severity, chance in zip(SEVERITIES, (0.05, 0.1, 0.2, 0.3, 0.5), strict=True):
        found = JointSwap()(track, severity, Draws(0, 'any', 0)).keypoint[0, :, [5, 11], 0].T
        wrong = found != [6, 12]
        assert abs(wrong.mean() - chance) < 4 * (chance / 8000) ** 0.5
        assert wrong[before].all()
        before = wrong


def test_other_skeletons():
    for joints in (20, 25):
        JointSwap()(walk(joints=joints), 5, Draws(0, 'any', 0))
    with pytest.raises(ValueError, match='^limbs must be given for a skeleton of other than 17'):
        PartDropout()(walk(joints=14), 1, Draws(0, 'any', 0))
    own = PartDropout(limbs=((0, 1),))(walk(joints=14), 1, Draws(0, 'any', 0))
    assert (~own.found[0]).any(0).tolist() == [True, True] + [False] * 12
    with pytest.raises(ValueError, match='^limbs must be lists of joints 0 to 13'):
        PartDropout(limbs=((0, 14),))(walk(joints=14), 1, Draws(0, 'any', 0))
    with pytest.raises(ValueError, match='^limbs must be pairs of as many joints'):
        JointSwap(limbs=((0, 1), (2,)))
