"""Frames of videos: in order, each decoded once, and never another."""

import pickle

import numpy as np
import pytest

from mmrobust.datasets.frames import FrameReader, count_frames
from mmrobust.io.video import write_lossless


@pytest.fixture(scope='module')
def video(tmp_path_factory):
    """Six frames whose grey level is 20 times their number."""
    path = tmp_path_factory.mktemp('frames') / 'levels.mkv'
    frames = np.stack([np.full((32, 48, 3), 20 * t, np.uint8) for t in range(6)])
    frames[:, :, :24, 0] += 5
    write_lossless(path, frames, 8)
    return str(path)


def level(frame):
    return int(frame[5, 40, 1])


@pytest.mark.parametrize('order', [[0, 1, 2, 3, 4, 5], [0, 0, 3, 3, 5], [4, 1, 2, 0]])
def test_frames_are_those_that_were_asked_for(video, order):
    reader = FrameReader()
    found = [reader.read(video, index) for index in order]
    assert [level(frame) for frame in found] == [20 * index for index in order]
    assert found[0].shape == (32, 48, 3)
    # BGR: the left half has more red.
    assert [int(v) for v in found[0][5, 5]] == [level(found[0])] * 2 + [level(found[0]) + 5]


def test_frames_are_copies_and_a_reader_travels_to_another_process(video):
    reader = FrameReader()
    reader.read(video, 2)[:] = 0
    assert level(reader.read(video, 2)) == 40
    assert level(pickle.loads(pickle.dumps(reader)).read(video, 1)) == 20


def test_frames_asked_for_in_order_are_decoded_once(video, monkeypatch):
    from mmrobust.datasets import frames

    opened, times = frames.opened, []
    monkeypatch.setattr(frames, 'opened', lambda path: times.append(path) or opened(path))
    reader = FrameReader()
    for index in (0, 0, 1, 1, 2, 4):
        reader.read(video, index)
    assert len(times) == 1


def test_frames_beyond_the_end_and_files_that_are_no_videos(video, tmp_path):
    reader = FrameReader()
    with pytest.raises(ValueError, match='frame 6 cannot be decoded, 6 frames can'):
        reader.read(video, 6)
    assert level(reader.read(video, 3)) == 60
    broken = tmp_path / 'broken.mp4'
    broken.write_bytes(b'no video')
    with pytest.raises(ValueError, match='cannot be opened'):
        reader.read(str(broken), 0)
    assert count_frames(str(broken)) == (0, 0)
    assert count_frames(video)[0] == 6
