"""Bit-exact videos, previews and panels."""

import io
from fractions import Fraction
from pathlib import Path

import av
import cv2
import decord
import numpy as np
import pytest

from mmrobust.io.video import read_video, write_lossless, write_png_frames
from mmrobust.visualization.panels import triptych
from mmrobust.visualization.video import preview_bytes, write_preview

# decord 0.6.0 reads no video of these widths, whatever its format.
DECORD_WIDTHS = {1, 2, 3, 4, 6, 8, 12, 16, 24, 48, 72}
SIZES = [(1, 1), (1, 7), (7, 1), (2, 2), (9, 7), (7, 9), (17, 33), (5, 48), (35, 101), (112, 113)]


def noise(steps=5, height=7, width=9, seed=0):
    shape = (steps, height, width, 3)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def by_opencv(path):
    reader = cv2.VideoCapture(str(path))
    count = int(reader.get(cv2.CAP_PROP_FRAME_COUNT))
    frames = []
    while True:
        more, frame = reader.read()
        if not more:
            break
        frames.append(frame[..., ::-1])
    return np.stack(frames), count


def by_decord(path):
    reader = decord.VideoReader(io.BytesIO(path.read_bytes()), num_threads=1)
    # Out of order, as an attack on sampled clips would seek.
    order = np.random.default_rng(0).permutation(len(reader))
    frames = np.empty((len(reader), *reader[0].shape), np.uint8)
    frames[order] = reader.get_batch(order).asnumpy()
    return frames, len(reader)


def assert_exact(path, frames, fps):
    found, rate = read_video(path)
    assert rate == pytest.approx(float(fps), rel=1e-4)
    np.testing.assert_array_equal(found, frames)
    readers = [by_opencv] if frames.shape[2] in DECORD_WIDTHS else [by_opencv, by_decord]
    for reader in readers:
        found, count = reader(path)
        assert count == len(frames), reader.__name__
        np.testing.assert_array_equal(found, frames, err_msg=reader.__name__)


@pytest.mark.parametrize('size', SIZES)
@pytest.mark.parametrize('steps', [1, 3])
def test_lossless_is_exact_for_every_reader_and_size(tmp_path, size, steps):
    frames = noise(steps, *size)
    write_lossless(tmp_path / 'v.mkv', frames, 25)
    assert_exact(tmp_path / 'v.mkv', frames, 25)


@pytest.mark.parametrize('fps', [1, 12.5, 15, 29.97, Fraction(30000, 1001), 30, 60, 120, 1000])
def test_lossless_keeps_the_number_of_frames_at_every_rate(tmp_path, fps):
    for steps in (1, 5, 33):
        frames = noise(steps)
        write_lossless(tmp_path / 'v.mkv', frames, fps)
        assert_exact(tmp_path / 'v.mkv', frames, fps)


def test_lossless_keeps_the_number_of_frames_at_every_length(tmp_path):
    for steps in (*range(1, 18), 31, 32, 33, 63, 64, 65, 69, 70):
        frames = noise(steps, 5, 7)
        write_lossless(tmp_path / 'v.mkv', frames, 30)
        assert_exact(tmp_path / 'v.mkv', frames, 30)


def test_decord_limit_is_decords_own(tmp_path):
    write_preview(tmp_path / 'v.mp4', noise(2, 160, 48), 25)
    with pytest.raises(decord.DECORDError, match='from_size == to_size'):
        decord.VideoReader(str(tmp_path / 'v.mp4')).get_batch([0])


def test_lossless_is_repeatable_takes_views_and_leaves_no_other_file(tmp_path):
    frames = noise(4, 7, 18)[::-1, :, ::2]
    folder = tmp_path / 'new' / 'häß: %05d'
    write_lossless(folder / 'a.mkv', frames, 25)
    write_lossless(folder / 'b.mkv', frames, 25)
    write_lossless(folder / 'b.mkv', frames, 25)
    assert (folder / 'a.mkv').read_bytes() == (folder / 'b.mkv').read_bytes()
    np.testing.assert_array_equal(read_video(folder / 'a.mkv')[0], frames)
    assert sorted(p.name for p in folder.iterdir()) == ['a.mkv', 'b.mkv']


def test_a_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / 'v.mkv'
    write_lossless(path, noise(), 25)
    before = path.read_bytes()

    def fail(*args, **kwargs):
        raise OSError('disk full')

    for module in ('io', 'visualization'):
        monkeypatch.setattr(f'mmrobust.{module}.video.packets', fail)
    with pytest.raises(OSError, match='disk full'):
        write_lossless(path, noise(seed=1), 25)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ('frames', 'message'),
    [
        (noise().astype(np.float32), 'frames must be a uint8 array, got float32'),
        (noise()[0], r'frames must have the shape \(T, H, W, 3\), none 0, got \(7, 9, 3\)'),
        (noise()[..., :2], r'got \(5, 7, 9, 2\)'),
        (noise()[:0], r'got \(0, 7, 9, 3\)'),
        ([[1]], 'got list'),
    ],
)
def test_malformed_frames_are_refused(tmp_path, frames, message):
    with pytest.raises(ValueError, match=message):
        write_lossless(tmp_path / 'v.mkv', frames, 25)
    with pytest.raises(ValueError, match=message):
        preview_bytes(frames, 25)
    with pytest.raises(ValueError, match=message):
        write_png_frames(tmp_path, frames)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize('fps', [0, -1, 1001, float('nan'), float('inf')])
def test_malformed_rates_and_names_are_refused(tmp_path, fps):
    with pytest.raises(ValueError, match='fps must be above 0 and at most 1000, got'):
        write_lossless(tmp_path / 'v.mkv', noise(), fps)
    with pytest.raises(ValueError, match=r'path must end in \.mkv'):
        write_lossless(tmp_path / 'v.mp4', noise(), 25)
    with pytest.raises(ValueError, match=r'path must end in \.mp4'):
        write_preview(tmp_path / 'v.mkv', noise(), 25)


def test_reading_what_is_no_video_is_refused(tmp_path):
    with av.open(str(tmp_path / 'sound.wav'), 'w') as container:
        stream = container.add_stream('pcm_s16le', rate=8000, layout='mono')
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 80), np.int16), 's16', 'mono')
        frame.sample_rate = 8000
        container.mux(list(stream.encode(frame)))
    with pytest.raises(ValueError, match='without a video stream'):
        read_video(tmp_path / 'sound.wav')


def test_png_frames(tmp_path):
    frames = noise(3)
    write_png_frames(tmp_path / 'a', frames)
    write_png_frames(tmp_path / 'b', frames, 'x-{}.png', start=0)
    assert [p.name for p in sorted((tmp_path / 'a').iterdir())] == [
        f'img_{i:05}.png' for i in (1, 2, 3)
    ]
    for i in range(3):
        found = cv2.imread(str(tmp_path / 'b' / f'x-{i}.png'))[..., ::-1]
        np.testing.assert_array_equal(found, frames[i])
    with pytest.raises(ValueError, match='template must look like'):
        write_png_frames(tmp_path / 'c', frames, 'img.png')


@pytest.mark.parametrize(
    ('size', 'shown'),
    [
        ((7, 9), (162 - 1, 207 + 1)),
        ((64, 64), (192, 192)),
        ((161, 201), (161, 201)),
        ((1, 1), (160, 160)),
        ((3, 700), (3, 700)),
        ((54, 3840), (27, 1920)),
    ],
)
def test_preview_plays_in_a_browser(size, shown):
    data = preview_bytes(noise(3, *size), 12)
    assert data.index(b'moov') < data.index(b'mdat')
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        frames = [f.to_ndarray(format='rgb24') for f in container.decode(stream)]
        assert (stream.codec_context.name, stream.pix_fmt) == ('h264', 'yuv420p')
        assert stream.average_rate == 12
    height, width = (s + s % 2 for s in shown)
    assert np.shape(frames) == (3, height, width, 3)


def test_preview_looks_like_the_frames():
    frames = np.zeros((4, 40, 40, 3), np.uint8)
    frames[:, :20, :, 0] = 200
    frames[2:, 20:, :, 2] = 200
    with av.open(io.BytesIO(preview_bytes(frames, 5))) as container:
        shown = np.stack([f.to_ndarray(format='rgb24') for f in container.decode(video=0)])
    assert np.abs(shown[:, 2::4, 2::4].astype(int) - frames).mean() < 8


def test_triptych_shows_the_amplified_difference():
    clean = np.full((2, 20, 30, 3), 100, np.uint8)
    adversarial = clean.copy()
    adversarial[:, :10] += 4
    adversarial[:, 10:] -= 2
    shown = triptych(clean, adversarial, clean_label='walk', adversarial_label='run')
    panel = 30 * 8
    assert shown.dtype == np.uint8
    assert shown.shape == (2, 24 + 160, 3 * panel + 8, 3)
    body = shown[:, 24:]
    np.testing.assert_array_equal(np.unique(body[:, :, :panel]), [100])
    np.testing.assert_array_equal(np.unique(body[:, :, -panel:]), [128 - 2 * 8, 128 + 4 * 8])
    assert shown[:, :24].max() > 200  # the caption


def test_triptych_shows_a_weak_change_weaker_than_a_strong_one():
    clean = np.full((1, 160, 160, 3), 100, np.uint8)
    assert set(np.unique(triptych(clean, clean)[:, 24:, -160:])) == {128}
    for change in (1, 4):
        shown = triptych(clean, clean + np.uint8(change))[:, 24:, -160:]
        assert set(np.unique(shown)) == {128 + 8 * change}
    adversarial = clean + np.uint8(1)
    assert set(np.unique(triptych(clean, adversarial, amplify=200)[:, 24:, -160:])) == {255}
    assert triptych(clean, 255 - clean)[:, 24:, -160:].max() <= 255


@pytest.mark.parametrize('size', [(1, 1), (7, 9), (200, 3), (3, 2000)])
@pytest.mark.parametrize(
    'label', ['', 'x' * 300, 'дзюдо 柔道 <b>', 'a\nb'], ids=['none', 'long', 'foreign', 'lines']
)
def test_triptych_of_any_size_and_label(size, label):
    frames = noise(2, *size)
    shown = triptych(frames, frames[::-1], clean_label=label, adversarial_label=label)
    assert shown.shape[0] == 2
    assert shown.shape[2] % 3 == 8 % 3


def test_triptych_refuses_unequal_shapes_and_factors():
    with pytest.raises(ValueError, match='adversarial must have the shape of clean'):
        triptych(noise(2), noise(3))
    with pytest.raises(ValueError, match='clean must be a uint8 array'):
        triptych(noise().astype(int), noise())
    with pytest.raises(ValueError, match='amplify must be a finite number above 0, got 0'):
        triptych(noise(), noise(), amplify=0)


def test_read_video_takes_plain_strings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frames = noise()
    write_lossless('v.mkv', frames, 25)
    np.testing.assert_array_equal(read_video('v.mkv')[0], frames)
    assert isinstance(read_video(Path('v.mkv'))[1], float)
