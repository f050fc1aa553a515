"""Streams with bytes changed and packets lost: which ones, and what is seen of it."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from mmrobust.corruptions import BitError, Clip, Draws, PacketLoss
from mmrobust.corruptions.annex_b import header, kind, units
from mmrobust.corruptions.codec import decoded, encoded
from mmrobust.corruptions.damaged_stream import Stream
from mmrobust.datasets.synthetic import render

KINDS = (BitError(), PacketLoss())


@cache
def clip() -> Clip:
    """A person who moves, (16, 48, 64, 3)."""
    return Clip(np.ascontiguousarray(render(0).frames[:16, 20:68, 30:94]))


@cache
def stream_of(one, sample: int = 0) -> Stream:
    return one.draw(clip(), Draws(0, one.name, sample))


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.mean((one.astype(float) - other) ** 2)))


def flat(packets: list[bytes]) -> np.ndarray:
    return np.frombuffer(b''.join(packets), np.uint8)


def whole(stream: Stream) -> list[bytes]:
    return [b''.join(parts) for parts in stream.units]


# --- units ----------------------------------------------------------------------------


def test_units_begin_at_both_forms_of_the_start_code():
    data = b'\0\0\0\1\x67ab\0\0\1\x68c\0\0\0\1\x65\0\0\3\1\0'
    assert units(data) == [b'\0\0\0\1\x67ab', b'\0\0\1\x68c', b'\0\0\0\1\x65\0\0\3\1\0']
    assert [kind(unit) for unit in units(data)] == [7, 8, 5]
    assert [header(unit) for unit in units(data)] == [4, 3, 4]


def test_units_of_a_real_stream_are_the_stream():
    stream = stream_of(PacketLoss())
    assert whole(stream) == [bytes(packet) for packet in stream.packets]
    # Parameters of the sequence and of pictures, a remark, the first picture.
    assert [kind(unit) for unit in stream.units[0]][:4] == [7, 8, 6, 5]
    assert {kind(unit) for parts in stream.units[1:] for unit in parts} == {1}


def test_a_unit_fits_into_a_packet_of_a_network():
    large = Clip(np.tile(clip().frames[:2], (1, 2, 2, 1)))
    stream = PacketLoss().draw(large, Draws(0, 'any', 0))
    lengths = [len(unit) for parts in stream.units for unit in parts]
    # Behind the start code.
    assert 600 < max(lengths) <= 1204
    assert sum(lengths) > 2000


# --- bytes ----------------------------------------------------------------------------


def test_bytes_that_are_hit_stay_hit_and_become_the_same():
    often = BitError(factor=500)
    stream = stream_of(often)
    before = flat(whole(stream))
    hits, last = np.zeros(len(before), bool), before
    for severity in range(1, 6):
        after = flat(often.damaged(stream, severity))
        assert (before != after)[hits].all()
        changed = before != after
        np.testing.assert_array_equal((before ^ after)[changed], stream.noise[changed])
        np.testing.assert_array_equal(after[hits], last[hits])
        hits, last = before != after, after
    assert 0 < hits.sum() < len(hits)
    assert (stream.noise > 0).all()


def test_headers_are_spared():
    often = BitError(factor=8000)
    stream = stream_of(often)
    spared = np.concatenate(
        [
            np.arange(len(unit)) - header(unit) < (16 if kind(unit) in (1, 5) else 10_000)
            for parts in stream.units
            for unit in parts
        ]
    )
    hit = flat(often.damaged(stream, 5)) != flat(whole(stream))
    assert not hit[spared].any()
    assert hit[~spared].mean() > 0.7
    lengths = [len(packet) for packet in often.damaged(stream, 5)]
    assert lengths == [len(packet) for packet in whole(stream)]


def test_as_many_bytes_are_hit_as_is_said():
    often, count = BitError(factor=1000), 300_000
    parts = [[b'\0\0\1\x41' + bytes(15 + count)]]
    stream = Stream(parts, parts, *often.numbers(parts, np.random.default_rng(0)))
    for severity, right in enumerate((0.01, 0.02, 1 / 30, 0.05, 0.1), 1):
        hits = (flat(often.damaged(stream, severity)) != flat(whole(stream))).sum()
        assert abs(hits / count - right) < 4 * (right / count) ** 0.5


# --- packets --------------------------------------------------------------------------


def fake(count: int) -> Stream:
    """A stream of one unit for each packet, all of them parts of pictures."""
    parts = [[b'\0\0\1\x41' + number.to_bytes(4, 'big')] for number in range(count)]
    chances, noise = PacketLoss().numbers(parts, np.random.default_rng(0))
    return Stream(parts, parts, chances, noise)


def test_packets_that_are_lost_stay_lost():
    stream, lost = fake(30_000), set()
    for severity, right in enumerate((0.01, 0.02, 0.03, 0.04, 0.06), 1):
        left = PacketLoss().damaged(stream, severity)
        now = {number for number, data in enumerate(left) if not data}
        assert lost <= now
        assert abs(len(now) / 30_000 - right) < 4 * (right / 30_000) ** 0.5
        lost = now
    assert all(data == stream.units[n][0] for n, data in enumerate(left) if data)


def test_the_first_frame_and_what_holds_no_picture_arrive():
    parts = [[b'\0\0\1\x67a', b'\0\0\1\x65b'], [b'\0\0\1\x68c', b'\0\0\1\x41d', b'\0\0\1\x65e']]
    left = PacketLoss().damaged(Stream(parts, parts, np.zeros(5), ()), 1)
    assert left == [b'\0\0\1\x67a\0\0\1\x65b', b'\0\0\1\x68c']
    # Each unit has a number of its own.
    left = PacketLoss().damaged(Stream(parts, parts, np.array([0, 0, 0, 1.0, 0]), ()), 1)
    assert left[1] == b'\0\0\1\x68c\0\0\1\x41d'


# --- frames ---------------------------------------------------------------------------


@pytest.mark.parametrize('one', KINDS, ids=lambda one: one.name)
def test_without_damage_it_is_the_codec(one):
    stream = replace(stream_of(one), chances=np.ones(len(stream_of(one).chances)))
    right = decoded(
        encoded(clip().frames, 'libx264', one.options(None, 1)), 'libx264', clip().frames
    )
    for severity in (1, 5):
        np.testing.assert_array_equal(one.apply(clip(), stream, severity), right)
    assert psnr(right, clip().frames) > 28


def test_frames_stay_where_they_were_when_others_are_lost():
    one = PacketLoss(gop=1)
    stream = stream_of(one)
    right = one.apply(clip(), replace(stream, chances=np.ones(len(stream.chances))), 1)
    # Each picture for itself, of one unit or several: all of those of frames 5 to 8 are lost.
    frames = np.repeat([p.pts for p in stream.packets], [len(parts) for parts in stream.units])
    chances = np.where((frames >= 5) & (frames <= 8), 0.0, 1.0)
    found = one.apply(clip(), replace(stream, chances=chances), 1)
    places = np.arange(16)
    places[5:9] = 4
    np.testing.assert_array_equal(found, right[places])


def test_nothing_but_the_first_frame_arrives():
    one = PacketLoss()
    found = one.apply(clip(), replace(stream_of(one), chances=np.zeros(1000)), 1)
    assert found.shape == clip().frames.shape
    assert (found == found[0]).all()
    assert psnr(found[0], clip().frames[0]) > 28


def test_damage_ends_at_the_next_picture_that_needs_no_other():
    one = PacketLoss(gop=8)
    stream = stream_of(one)
    assert {p.pts for p in stream.packets if p.is_keyframe} == {0, 8}
    right = one.apply(clip(), replace(stream, chances=np.ones(len(stream.chances))), 1)
    frames = np.repeat([p.pts for p in stream.packets], [len(parts) for parts in stream.units])
    found = one.apply(clip(), replace(stream, chances=np.where(frames < 8, 0.0, 1.0)), 1)
    np.testing.assert_array_equal(found[8:], right[8:])
    assert (found[4:8] != right[4:8]).any()


@pytest.mark.parametrize('one', [BitError(factor=30), PacketLoss()], ids=lambda one: one.name)
def test_more_damage_costs_quality_and_no_frames(one):
    found = np.zeros((6, 5))
    for sample in range(6):
        for severity in range(1, 6):
            frames = one.apply(clip(), stream_of(one, sample), severity)
            assert frames.shape == clip().frames.shape
            found[sample, severity - 1] = psnr(frames, clip().frames)
    means = found.mean(0)
    assert (np.diff(means) <= 0).all(), means
    assert means[4] < means[0] - 0.1
    # Other samples have other luck.
    assert len(set(found[:, 4].tolist())) > 1


@pytest.mark.parametrize('one', KINDS, ids=lambda one: one.name)
def test_draws_are_those_of_seed_and_sample(one):
    def chances(seed, sample):
        return np.asarray(one.draw(clip(), Draws(seed, one.name, sample)).chances)

    np.testing.assert_array_equal(chances(0, 0), chances(0, 0))
    assert (chances(0, 0) != chances(0, 1)).any()
    assert (chances(0, 0) != chances(1, 0)).any()


def test_refused_options():
    for wrong in (0, 1.5, True):
        with pytest.raises(ValueError, match='^gop must be a whole number >= 1'):
            PacketLoss(gop=wrong)
    for wrong in (0, -1, float('nan')):
        with pytest.raises(ValueError, match='^factor must be > 0'):
            BitError(factor=wrong)
