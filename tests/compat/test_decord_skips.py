"""AVI files with B-frames: every reading gives the frames that reading in sequence gives."""

from types import SimpleNamespace

import av
import decord
import numpy as np
import pytest
from mmaction.datasets.transforms import DecordDecode, DecordInit

from mmrobust.compat.decord_skips import has_timestamps, in_sequence

FRAMES = 40
ORDERS = {
    'the last': [FRAMES - 1],
    'far to the last': [0, FRAMES - 1],
    'clips that overlap': [*range(0, 30, 2), *range(9, FRAMES, 2)],
    'backwards': [39, 20, 3],
    'twice': [5, 39, 39, 5],
}


def write(path, codec, b_frames=0):
    """A bright bar that moves two pixels per frame."""
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 112, 96, 'yuv420p'
        stream.codec_context.max_b_frames = b_frames
        stream.codec_context.gop_size = 60
        for index in range(FRAMES):
            picture = np.full((96, 112, 3), 40, np.uint8)
            picture[:, 2 * index : 2 * index + 20] = 200
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format='rgb24')))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope='module')
def untimed(tmp_path_factory):
    return write(tmp_path_factory.mktemp('video') / 'b_frames.avi', 'mpeg4', b_frames=2)


def decode(path, indices, mode='accurate'):
    results = DecordInit()({'filename': str(path)})
    return DecordDecode(mode)({**results, 'frame_inds': np.array(indices)})['imgs']


def test_frames_without_timestamps_are_told_apart(untimed, tmp_path):
    assert not has_timestamps(decord.VideoReader(str(untimed)))
    for name, codec, b_frames in [
        ('b_frames.mp4', 'mpeg4', 2),
        ('plain.avi', 'mpeg4', 0),
        ('each.mkv', 'ffv1', 0),
    ]:
        path = write(tmp_path / name, codec, b_frames)
        assert has_timestamps(decord.VideoReader(str(path))), name


@pytest.mark.parametrize('order', ORDERS)
def test_each_order_gives_the_frames_of_the_sequence(untimed, order):
    reader = decord.VideoReader(str(untimed))
    sequence = [reader.next().asnumpy() for _ in range(FRAMES)]
    assert all((sequence[index - 1] != sequence[index]).any() for index in range(1, FRAMES))
    for _ in range(5):
        for index, frame in zip(ORDERS[order], decode(untimed, ORDERS[order]), strict=True):
            assert np.array_equal(frame, sequence[index])


def test_a_frame_given_twice_is_two_arrays(untimed):
    first, second = decode(untimed, [39, 39])
    assert np.array_equal(first, second)
    first[:] = 0
    assert second.any()


class Reader:
    """Records what is asked of it."""

    def __init__(self, starts):
        self.starts, self.asked = starts, []

    def __len__(self):
        return len(self.starts)

    def get_frame_timestamp(self, indices):
        return np.array([[self.starts[index], self.starts[index] + 1] for index in indices])

    def seek(self, index):
        self.asked.append(('seek', index))

    def next(self):
        self.asked.append('next')
        return SimpleNamespace(asnumpy=lambda: np.zeros(1))


@pytest.mark.parametrize(
    ('starts', 'indices', 'mode', 'safe'),
    [
        ([0, 1, 2], [0, 2], 'accurate', True),
        ([-0.1, 1, 2], [0, 2], 'accurate', True),
        ([0, 1, 1], [0, 2], 'accurate', False),
        ([-3.7e17, 0, 1], [0, 2], 'accurate', False),
        ([0, 1, 1], [0, 2], 'efficient', True),
        ([0, 1, 1], [0, 3], 'accurate', True),
        ([0, 1, 1], [-1, 2], 'accurate', True),
        ([5], [0], 'accurate', True),
    ],
)
def test_only_unsafe_skips_are_replaced(starts, indices, mode, safe):
    """Indices outside the video are left to decord, which refuses them in its own words."""
    reader = Reader(starts)
    load = in_sequence(lambda self, container, frame_inds: ['stock'])
    frames = load(SimpleNamespace(mode=mode), reader, np.array(indices))
    assert (frames == ['stock']) == safe
    assert reader.asked == ([] if safe else [('seek', 0), *['next'] * (max(indices) + 1)])


def test_indices_outside_are_refused_as_without_the_heal(untimed):
    with pytest.raises(IndexError):
        decode(untimed, [0, FRAMES])


def test_the_heal_is_in_place():
    assert DecordDecode._decord_load_frames.__wrapped__ is not None
