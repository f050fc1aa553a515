"""Which frame is shown when; worked out by hand, for 10 and for 33 frames."""

from fractions import Fraction

import numpy as np
import pytest

from mmrobust.corruptions import (
    BoxJumble,
    Clip,
    Draws,
    FrameRate,
    Freeze,
    Jumble,
    Reversal,
    Sampling,
)

KINDS = (
    BoxJumble(),
    Freeze(),
    FrameRate(),
    FrameRate(fill='drop'),
    Jumble(),
    Reversal(),
    Reversal(sampled=False),
    Sampling(),
)


def clip_of(frames: int, rate: float = 25.0) -> Clip:
    """Frames of one pixel that says which one it is."""
    numbers = np.arange(frames)
    pixels = np.stack([numbers // 256, numbers % 256, 0 * numbers], -1).astype(np.uint8)
    return Clip(pixels[:, None, None], rate=rate)


def shown(kind, frames: int, severity: int, drawing=None, rate: float = 25.0) -> list[int]:
    """The numbers that the frames bear which come out."""
    pixels = kind.apply(clip_of(frames, rate), drawing, severity)[:, 0, 0].astype(int)
    return (256 * pixels[:, 0] + pixels[:, 1]).tolist()


def drawn(kind, frames: int, severity: int, sample: int = 0) -> np.ndarray:
    of = clip_of(frames)
    return kind.indices(of, kind.draw(of, Draws(0, kind.name, sample)), severity)


@pytest.mark.parametrize(
    ('frames', 'severity', 'right'),
    [
        (10, 1, [0, 2, 4, 6, 8]),
        (10, 2, [0, 4, 8]),
        (10, 3, [0, 8]),
        (10, 4, [0]),
        (33, 3, [0, 8, 16, 24, 32]),
        (33, 5, [0, 32]),
    ],
)
def test_sampling_and_its_reversal(frames, severity, right):
    assert shown(Sampling(), frames, severity) == right
    assert shown(Reversal(), frames, severity) == right[::-1]
    backwards = shown(Reversal(sampled=False), frames, severity)
    assert backwards == list(range(frames))[::-1]


@pytest.mark.parametrize(
    ('rate', 'severity', 'right'),
    [
        # An interval of 1.25 frames begins at 0, 1.25, 2.5, 3.75, 5 and so on.
        (25, 1, [0, 0, 2, 3, 4, 5, 5, 7, 8, 9]),
        # Of 25 / 6 frames: 0, 4.17, 8.33.
        (25, 5, [0, 0, 0, 0, 0, 5, 5, 5, 5, 9]),
        (30, 5, [0, 0, 0, 0, 0, 5, 5, 5, 5, 5]),
        (12, 5, [0, 0, 2, 2, 4, 4, 6, 6, 8, 8]),
        (12, 3, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (0.0001, 5, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ],
)
def test_frame_rate(rate, severity, right):
    assert shown(FrameRate(), 10, severity, rate=rate) == right
    assert shown(FrameRate(fill='drop'), 10, severity, rate=rate) == sorted(set(right))


def test_frame_rate_of_33_frames():
    right = [0, 5, 9, 13, 17, 21, 25, 30]
    assert shown(FrameRate(fill='drop'), 33, 5) == right
    held = shown(FrameRate(), 33, 5)
    assert held == [max(kept for kept in right if kept <= time) for time in range(33)]


@pytest.mark.parametrize('rate', [24000 / 1001, 29.97, 59.94, 23.5])
def test_a_kept_frame_is_shown_at_its_own_time(rate):
    for severity in range(1, 6):
        kind = FrameRate()
        held = np.array(shown(kind, 999, severity, rate=rate))
        assert (held <= np.arange(999)).all()
        np.testing.assert_array_equal(held[held], held)
        seconds = 999 / rate
        assert abs(len(set(held.tolist())) - kind.constants[severity - 1] * seconds) <= 1


@pytest.mark.parametrize('thousands', [24, 30, 60])
def test_the_rates_of_television_are_fractions(thousands):
    rate = thousands * 1000 / 1001
    for severity, kept in enumerate(FrameRate.constants, 1):
        # A frame and the beginning of an interval meet here, and rounding must not part them.
        meet = Fraction(kept * 1001, thousands * 1000).denominator
        assert shown(FrameRate(), meet + 1, severity, rate=rate)[meet] == meet


def test_jumble_sorts_each_run_by_the_numbers_drawn():
    falling = np.linspace(1, 0, 10)
    assert shown(Jumble(), 10, 1, falling) == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert shown(Jumble(), 10, 3, falling) == [7, 6, 5, 4, 3, 2, 1, 0, 9, 8]
    assert shown(Jumble(), 10, 4, falling) == [3, 2, 1, 0, 7, 6, 5, 4, 9, 8]
    assert shown(Jumble(), 33, 1, np.linspace(1, 0, 33)) == [*range(31, -1, -1), 32]


def test_box_jumble_sorts_the_runs():
    falling = np.linspace(1, 0, 10)
    assert shown(BoxJumble(), 10, 1, falling) == [8, 9, 4, 5, 6, 7, 0, 1, 2, 3]
    assert shown(BoxJumble(), 10, 2, falling) == [9, *range(9)]
    assert shown(BoxJumble(), 10, 3, falling) == list(range(10))
    # The numbers of frames 0, 4 and 8 count.
    drawn = np.array([0.5, 0, 0.7, 0, 0.9, 0, 0, 0, 0.1, 0])
    assert shown(BoxJumble(), 10, 1, drawn) == [8, 9, 0, 1, 2, 3, 4, 5, 6, 7]
    assert shown(BoxJumble(), 33, 4, np.linspace(1, 0, 33)) == [*range(25, 33), *range(25)]


def test_freeze_holds_what_came_last():
    chances = np.array([0.0, 0.5, 0.1, 0.3, 0.9, 0.05, 0.2, 0.6, 0.4, 0.7])
    assert shown(Freeze(), 10, 1, chances) == [0, 1, 1, 3, 4, 4, 6, 7, 8, 9]
    assert shown(Freeze(), 10, 5, chances) == [0, 0, 0, 0, 4, 4, 4, 7, 7, 9]


def test_freeze_at_33_frames_starts_at_the_first_and_grows():
    for sample in range(20):
        missing = set()
        for severity in range(1, 6):
            found = drawn(Freeze(), 33, severity, sample)
            assert found[0] == 0
            now = set(np.flatnonzero(found != np.arange(33)))
            assert missing <= now
            missing = now


@pytest.mark.parametrize('severity', [1, 2, 3, 4, 5])
def test_as_many_frames_freeze_as_is_said(severity):
    frozen = (drawn(Freeze(), 20_000, severity) != np.arange(20_000)).mean()
    # Four standard deviations.
    assert abs(frozen - 0.12 * severity) < 4 * (0.25 / 20_000) ** 0.5


def test_every_order_of_a_run_is_as_likely():
    order = drawn(Jumble(), 40_000, 4).reshape(-1, 4) % 4
    kinds, counts = np.unique(order, axis=0, return_counts=True)
    assert len(kinds) == 24
    assert abs(counts / 10_000 - 1 / 24).max() < 4 * (1 / 24 / 10_000) ** 0.5


@pytest.mark.parametrize('kind', [Jumble(), BoxJumble()], ids=str)
@pytest.mark.parametrize('frames', [10, 33, 100])
def test_jumbled_frames_are_the_same_frames(kind, frames):
    for severity in range(1, 6):
        found = drawn(kind, frames, severity)
        assert sorted(found) == list(range(frames))
        length = kind.constants[severity - 1]
        if kind == Jumble():
            np.testing.assert_array_equal(found // length, np.arange(frames) // length)
        else:
            breaks = np.flatnonzero(np.diff(found) != 1) + 1
            assert all(found[start] % length == 0 for start in breaks)


@pytest.mark.parametrize('kind', KINDS, ids=str)
@pytest.mark.parametrize('frames', [1, 2, 3])
def test_short_clips(kind, frames):
    for severity in range(1, 6):
        found = drawn(kind, frames, severity)
        assert 1 <= len(found) <= frames
        assert set(found) <= set(range(frames))


def way(kind, severity: int) -> float:
    """By how many frames a moment shows another one, in the mean over moments and draws."""
    ways = []
    for sample in range(30):
        found = drawn(kind, 96, severity, sample)
        ways.append(abs(found - np.arange(len(found))).mean())
    return float(np.mean(ways))


@pytest.mark.parametrize('kind', [Freeze(), FrameRate()], ids=str)
def test_frames_are_further_from_their_times_at_a_higher_severity(kind):
    ways = [way(kind, severity) for severity in range(1, 6)]
    assert (np.diff(ways) > 0).all(), ways


def test_jumble_is_milder_at_a_higher_severity():
    ways = [way(Jumble(), severity) for severity in range(1, 6)]
    assert (np.diff(ways) < 0).all(), ways
    # Two places of a run of n are (n * n - 1) / 3 n apart in the mean.
    np.testing.assert_allclose(ways, [(n * n - 1) / (3 * n) for n in (32, 16, 8, 4, 2)], rtol=0.1)


def test_box_jumble_cuts_fewer_times_at_a_higher_severity():
    cuts = [
        np.mean([(np.diff(drawn(BoxJumble(), 96, s, i)) != 1).sum() for i in range(30)])
        for s in range(1, 6)
    ]
    assert (np.diff(cuts) < 0).all(), cuts


@pytest.mark.parametrize('kind', [Jumble(), BoxJumble(), Freeze()], ids=str)
def test_the_draws_of_a_longer_clip_begin_alike(kind):
    draws = Draws(5, kind.name, 2)
    short, long = (kind.draw(clip_of(frames), draws) for frames in (10, 33))
    np.testing.assert_array_equal(short, long[:10])


def test_they_belong_on_the_frames_of_the_file():
    assert {kind.place for kind in KINDS} == {'raw'}
    with pytest.raises(ValueError, match="^fill must be 'hold' or 'drop', got 'keep'"):
        FrameRate(fill='keep')
