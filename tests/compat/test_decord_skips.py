"""Files with B-frames: every reading gives the frames of the video."""

from types import SimpleNamespace

import av
import decord
import numpy as np
import pytest
from mmaction.datasets.transforms import DecordDecode, DecordInit

from mmrobust.compat.decord_skips import has_timestamps, in_sequence
from mmrobust.compat.ordered_reader import OrderedReader

FRAMES = 40
ORDERS = {
    'the last': [FRAMES - 1],
    'far to the last': [0, FRAMES - 1],
    'clips that overlap': [*range(0, 30, 2), *range(9, FRAMES, 2)],
    'backwards': [39, 20, 3],
    'twice': [5, 39, 39, 5],
}


def write(path, codec, b_frames=0, keyframes=60):
    """A bright bar that moves two pixels per frame; of ``keyframes`` frames one is whole."""
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 112, 96, 'yuv420p'
        stream.codec_context.max_b_frames = b_frames
        stream.codec_context.gop_size = keyframes
        for index in range(FRAMES):
            picture = np.full((96, 112, 3), 40, np.uint8)
            picture[:, 2 * index : 2 * index + 20] = 200
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format='rgb24')))
        container.mux(stream.encode())
    return path


def place(frame):
    """Where the bar is, as the number of a frame."""
    return int(np.flatnonzero(frame[..., 1].mean(0) > 120)[0]) // 2


@pytest.fixture(scope='module', params=[60, 12], ids=['one keyframe', 'four keyframes'])
def untimed(request, tmp_path_factory):
    path = tmp_path_factory.mktemp('video') / 'b_frames.avi'
    return write(path, 'mpeg4', b_frames=2, keyframes=request.param)


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
def test_each_order_gives_the_frames_of_the_video(untimed, order):
    sequence = decode(untimed, range(FRAMES))
    assert [place(frame) for frame in sequence] == list(range(FRAMES))
    for _ in range(5):
        for index, frame in zip(ORDERS[order], decode(untimed, ORDERS[order]), strict=True):
            assert np.array_equal(frame, sequence[index])


def test_frames_behind_the_second_keyframe_are_from_elsewhere_without_the_heal(tmp_path):
    """Should a release of decord mend it, the heal can go."""
    path = write(tmp_path / 'b_frames.avi', 'mpeg4', b_frames=2, keyframes=12)
    results = DecordInit()({'filename': str(path)})
    load = DecordDecode._decord_load_frames.__wrapped__
    (frame,) = load(DecordDecode(), results['video_reader'], np.array([28]))
    assert place(frame) != 28
    assert place(decode(path, [28])[0]) == 28


def test_h264_in_mp4_is_left_to_decord_and_exact(tmp_path):
    path = write(tmp_path / 'h264.mp4', 'libx264', b_frames=2, keyframes=12)
    assert has_timestamps(decord.VideoReader(str(path)))
    assert [place(decode(path, [index])[0]) for index in range(FRAMES)] == list(range(FRAMES))


FILES = [
    ('a.ts', 'libx264', 2, 12),
    ('a.ts', 'libx264', 2, 60),
    ('a.m2ts', 'libx264', 2, 12),
    ('a.ts', 'libx264', 0, 12),
    ('a.ts', 'mpeg2video', 2, 12),
    ('a.ts', 'mpeg4', 2, 12),
    ('a.mpg', 'mpeg1video', 2, 12),
    ('a.mpg', 'mpeg2video', 2, 12),
    ('a.mp4', 'mpeg4', 2, 12),
    ('a.mkv', 'mpeg4', 2, 12),
    ('a.mov', 'mpeg2video', 2, 12),
    ('a.mkv', 'libx264', 2, 12),
]


@pytest.mark.parametrize(('name', 'codec', 'b_frames', 'keyframes'), FILES)
def test_containers_and_codecs(tmp_path, name, codec, b_frames, keyframes):
    path = write(tmp_path / name, codec, b_frames, keyframes)
    assert DecordInit()({'filename': str(path)})['total_frames'] == FRAMES
    for order in ORDERS.values():
        assert [place(frame) for frame in decode(path, order)] == order
    assert [place(decode(path, [index])[0]) for index in range(0, FRAMES, 3)] == [
        *range(0, FRAMES, 3)
    ]


@pytest.mark.skipif('libx265' not in av.codecs_available, reason='PyAV without libx265')
@pytest.mark.parametrize('suffix', ['mp4', 'mkv', 'ts'])
def test_h265(tmp_path, suffix):
    path = write(tmp_path / f'a.{suffix}', 'libx265', 2, 12)
    assert [place(decode(path, [index])[0]) for index in range(FRAMES)] == list(range(FRAMES))


def test_a_transport_stream_is_read_as_decord_would(tmp_path):
    path = write(tmp_path / 'a.ts', 'libx264', 2, 12)
    found = DecordInit()({'filename': str(path)})
    assert found['avg_fps'] == 25
    assert [place(frame) for frame in decode(path, [-1, 3])] == [FRAMES - 1, 3]
    # Of its keyframes alone, decord would give others.
    assert [place(frame) for frame in decode(path, [3, 20], mode='efficient')] == [3, 20]
    for outside in ([0, FRAMES], [-FRAMES - 1]):
        with pytest.raises(IndexError, match='among the 40 of'):
            decode(path, outside)


def test_a_transport_stream_without_frames_is_refused(tmp_path):
    path = write(tmp_path / 'a.ts', 'libx264', 2, 12)
    path.write_bytes(path.read_bytes()[: 188 * 3])
    with pytest.raises((ValueError, OSError, RuntimeError)):
        DecordInit()({'filename': str(path)})


@pytest.mark.parametrize('content', [b'', b'no video'])
def test_no_video_is_refused_in_decords_words(tmp_path, content):
    (tmp_path / 'a.mp4').write_bytes(content)
    with pytest.raises(Exception, match='Error reading'):
        DecordInit()({'filename': str(tmp_path / 'a.mp4')})


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
        ([0, 1, 1], [-4, 2], 'accurate', True),
        ([0, 1, 1], [], 'accurate', True),
        ([0, 1, 1], [-1, 0], 'accurate', False),
        ([0, 1, 1], [0.0, 2.9], 'accurate', False),
        ([5], [0], 'accurate', True),
    ],
)
def test_only_unsafe_skips_are_replaced(starts, indices, mode, safe):
    """Indices outside the video are left to decord, which refuses them in its own words."""
    reader = Reader(starts)
    load = in_sequence(lambda self, container, frame_inds: ['stock'])
    frames = load(SimpleNamespace(mode=mode), reader, np.array(indices))
    assert (frames == ['stock']) == safe
    assert reader.asked == ([] if safe else [('seek', 0), *['next'] * 3])
    assert safe or len(frames) == len(indices)


def test_a_reader_of_another_kind_is_left_alone():
    load = in_sequence(lambda self, container, frame_inds: container)
    other = object()
    assert load(SimpleNamespace(mode='accurate'), other, np.array([0])) is other


def test_indices_outside_are_refused_as_without_the_heal(untimed):
    with pytest.raises(IndexError):
        decode(untimed, [0, FRAMES])


def test_the_heal_is_in_place():
    assert DecordDecode._decord_load_frames.__wrapped__ is not None


@pytest.mark.parametrize(
    ('name', 'codec'), [('a.mkv', 'ffv1'), ('a.avi', 'ffv1'), ('a.mkv', 'h264')]
)
def test_a_file_that_was_cut_is_not_shown_to_decord_which_crashes_on_it(tmp_path, name, codec):
    whole = write(tmp_path / name, 'libx264' if codec == 'h264' else codec, keyframes=1)
    assert isinstance(DecordInit()({'filename': str(whole)})['video_reader'], decord.VideoReader)
    cut = tmp_path / f'cut_{name}'
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 3 // 4])
    for _ in range(2):
        results = DecordInit()({'filename': str(cut)})
        assert isinstance(results['video_reader'], OrderedReader)
        count = results['total_frames']
        assert 5 < count < FRAMES
        # Of the frame that the cut goes through, a codec makes what it can.
        sound = range(count - 1)
        assert [place(frame) for frame in decode(cut, sound)] == [*sound]
