"""Files that end before they say they do, and what the decoders make of them."""

import av
import cv2
import numpy as np
import pytest
from mmaction.datasets.transforms import DecordDecode, DecordInit, OpenCVDecode, OpenCVInit

from mmrobust.compat.cut_files import missing_bytes
from mmrobust.compat.opencv_ends import EndingReader

FRAMES = 60
KINDS = [('a.mp4', 'libx264'), ('a.mkv', 'libx264'), ('a.mkv', 'ffv1'), ('a.avi', 'mpeg4')]
KINDS += [('a.mov', 'mpeg4'), ('a.webm', 'libvpx')]


def write(path, codec):
    """Grey levels that rise by three a frame, under noise; an index comes first where it can."""
    options = {'movflags': 'faststart'} if path.suffix in ('.mp4', '.mov') else {}
    noise = np.random.default_rng(0).integers(0, 20, (64, 64, 3), np.uint8)
    with av.open(str(path), 'w', options=options) as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, 'yuv420p'
        stream.codec_context.gop_size = 10
        for index in range(FRAMES):
            picture = np.roll(noise, index, axis=0) + np.uint8(3 * index)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format='rgb24')))
        container.mux(stream.encode())
    return path


def cut(path, share):
    content = path.read_bytes()
    short = path.with_name(f'cut{path.suffix}')
    short.write_bytes(content[: int(len(content) * share)])
    return short


@pytest.mark.parametrize(('name', 'codec'), KINDS)
def test_whole_files_are_told_from_cut_ones(tmp_path, name, codec):
    path = write(tmp_path / name, codec)
    assert missing_bytes(str(path)) == 0
    for share in (0.34, 0.6, 0.99):
        short = cut(path, share)
        assert missing_bytes(str(short)) > 0
        expected = path.stat().st_size - short.stat().st_size
        assert missing_bytes(str(short)) <= expected + 8


@pytest.mark.parametrize(
    'content',
    [
        b'',
        b'RIFF',
        b'RIFF\xff\xff\xff\xffAVI ',
        b'\x00\x00\x00\x00mdatxx',
        b'\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff',
        b'\x1a\x45\xdf\xa3',
        b'\x1a\x45\xdf\xa3\x00',
        b'no video at all, but text',
    ],
)
def test_files_that_do_not_say_are_whole(tmp_path, content):
    path = tmp_path / 'a.bin'
    path.write_bytes(content)
    assert missing_bytes(str(path)) == 0


def test_a_transport_stream_does_not_say(tmp_path):
    assert missing_bytes(str(cut(write(tmp_path / 'a.ts', 'libx264'), 0.5))) == 0


def test_a_large_box(tmp_path):
    """Of more than 4 GiB: the size is behind the name."""
    path = tmp_path / 'a.mp4'
    path.write_bytes(b'\x00\x00\x00\x01mdat' + (40).to_bytes(8, 'big') + bytes(4))
    assert missing_bytes(str(path)) == 20


@pytest.mark.parametrize(('name', 'codec'), KINDS[:2])
def test_opencv_finds_the_last_frame_once(tmp_path, name, codec, monkeypatch):
    path = cut(write(tmp_path / name, codec), 0.6)
    reads = cv2.VideoCapture(str(path))
    frames = []
    while (got := reads.read())[0]:
        frames.append(got[1][..., ::-1])
    assert 5 < len(frames) < FRAMES - 5
    results = OpenCVInit()({'filename': str(path)})
    reader = results['video_reader']
    assert isinstance(reader, EndingReader)
    asked, stock = [], reader.reader.get_frame
    monkeypatch.setattr(reader.reader, 'get_frame', lambda i: asked.append(i) or stock(i))
    results['frame_inds'] = np.arange(results['total_frames'])
    found = OpenCVDecode()(results)['imgs']
    assert len(found) == results['total_frames'] > len(frames)
    for index, frame in enumerate(found):
        assert np.array_equal(frame, frames[min(index, len(frames) - 1)])
    assert len(asked) < results['total_frames'] + 12


def test_a_whole_file_keeps_its_reader(tmp_path):
    reader = OpenCVInit()({'filename': str(write(tmp_path / 'a.mp4', 'libx264'))})['video_reader']
    assert not isinstance(reader, EndingReader)


def test_no_frame_at_all_is_an_error_with_the_file(tmp_path):
    path = write(tmp_path / 'a.mp4', 'libx264')
    content = path.read_bytes()
    short = tmp_path / 'cut.mp4'
    short.write_bytes(content[: content.index(b'mdat') + 8])
    results = OpenCVInit()({'filename': str(short)})
    results['frame_inds'] = np.array([0, 20])
    with pytest.raises(ValueError, match=r'cut\.mp4 must hold frames, got none'):
        OpenCVDecode()(results)


def test_decord_on_a_cut_avi_does_not_take_the_process_down(tmp_path):
    path = cut(write(tmp_path / 'a.avi', 'mpeg4'), 0.8)
    results = DecordInit()({'filename': str(path)})
    assert 0 < results['total_frames'] < FRAMES
    results['frame_inds'] = np.array([0, results['total_frames'] - 1])
    assert len(DecordDecode()(results)['imgs']) == 2
