"""Videos coded once more: what comes out, and that it comes out again."""

import io
import os
import subprocess
import sys
from functools import cache

import av
import cv2
import numpy as np
import pytest

from mmrobust.corruptions import (
    H264ABR,
    H264CRF,
    H265ABR,
    H265CRF,
    MPEG2,
    MPEG4,
    Clip,
    Draws,
    codec,
    encoder_versions,
)
from mmrobust.corruptions.codec import CODECS, MissingEncoderError, decoded, encoded, has_encoder
from mmrobust.datasets.synthetic import render
from mmrobust.io.video import packets

KINDS = {kind.name: kind for kind in (H264ABR(), H264CRF(), H265ABR(), H265CRF(), MPEG2(), MPEG4())}
every = pytest.mark.parametrize('kind', KINDS.values(), ids=KINDS)


@cache
def scene() -> np.ndarray:
    """A person who moves, (12, 48, 64, 3)."""
    return np.ascontiguousarray(render(0).frames[:12, 20:68, 30:94])


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.mean((one.astype(float) - other) ** 2)))


def ladder(kind, clip: Clip) -> list[np.ndarray]:
    return list(kind.ladder(clip, Draws(0, kind.name, 0), range(1, 6)))


@pytest.mark.parametrize('kind', [H264CRF(), H265CRF(), H264ABR(), H265ABR()], ids=str)
def test_each_severity_costs_quality(kind):
    # So many bits that a thirty-second part of them still is a video of this size.
    clip = Clip(scene(), bit_rate=300_000)
    found = [psnr(frames, scene()) for frames in ladder(kind, clip)]
    assert (np.diff(found) < -0.5).all(), found


@pytest.mark.parametrize(('kind', 'coarsest'), [(MPEG2(), 2), (MPEG4(), 3)], ids=str)
def test_mpeg_has_no_quantiser_above_31(kind, coarsest):
    found = ladder(kind, Clip(scene()))
    assert psnr(found[0], scene()) > psnr(found[coarsest - 1], scene()) + 1
    for frames in found[coarsest:]:
        np.testing.assert_array_equal(frames, found[coarsest - 1])
    for severity, step in ((1, kind.constants[0]), (5, 31)):
        options = kind.options(None, severity)
        assert (options['qmin'], options['qmax']) == (str(step), str(step))


def in_a_file(frames: np.ndarray, encoder: str, options: dict[str, str]) -> np.ndarray:
    """What a Matroska file gives back, written by PyAV in the usual way."""
    file = io.BytesIO()
    with av.open(file, 'w', format='matroska') as container:
        stream = container.add_stream(encoder, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = frames.shape[2], frames.shape[1], 'yuv420p'
        stream.codec_context.thread_count = 1
        for packet in packets(stream, frames):
            container.mux(packet)
    file.seek(0)
    with av.open(file) as container:
        return np.stack([frame.to_ndarray(format='rgb24') for frame in container.decode(video=0)])


# The weight of the coarsest quantiser is 31 * 118.
FIXED = {'qmin': '31', 'qmax': '31', 'lmin': '3658', 'lmax': '3658'}


@pytest.mark.parametrize(
    ('kind', 'options'),
    [
        (H264CRF(), {'crf': '37', 'x264-params': 'asm=SSE4.2'}),
        (MPEG2(), FIXED),
        (MPEG4(), FIXED),
    ],
    ids=str,
)
def test_a_file_would_give_the_same_pixels(kind, options):
    # There the encoder has no bit rate by default, and here it has one.
    right = in_a_file(scene(), kind.encoder, options)
    np.testing.assert_array_equal(ladder(kind, Clip(scene()))[2], right)


def test_a_file_of_h265_would_give_the_same_pixels():
    frames = np.tile(scene()[:5], (1, 2, 2, 1))
    options = {'crf': '39', 'x265-params': 'pools=1:frame-threads=1:log-level=none'}
    right = in_a_file(frames, 'libx265', options)
    np.testing.assert_array_equal(ladder(H265CRF(), Clip(frames))[2], right)


def test_the_bit_rate_is_what_was_asked_for():
    # Bits are spent as the encoder learns what they buy: a clip of a second and a quarter.
    frames = render(0).frames
    clip = Clip(frames, bit_rate=320_000)
    for severity, right in ((1, 160_000), (2, 80_000)):
        options = H264ABR().options(H264ABR().draw(clip, Draws(0, 'any', 0)), severity)
        stream = encoded(frames, 'libx264', options, clip.rate)
        assert 8 * sum(packet.size for packet in stream) / (32 / 25) == pytest.approx(
            right, rel=0.2
        )


def test_without_a_bit_rate_the_clip_counts_as_x264_at_23():
    size = sum(packet.size for packet in encoded(scene(), 'libx264', {'crf': '23'}))
    for kind in (H264ABR(), H265ABR()):
        whole = kind.draw(Clip(scene()), Draws(0, kind.name, 0))
        assert whole == pytest.approx(8 * size * 25 / 12)
        assert kind.draw(Clip(scene(), bit_rate=7e5), Draws(0, kind.name, 0)) == 7e5
    # x264 and x265 take less than a thousand bits for none at all.
    assert set(H264ABR().options(1200.0, 5).values()) == {'1000'}


def test_bits_a_second_are_shared_by_its_frames():
    few, many = (Clip(scene(), rate=rate, bit_rate=300_000) for rate in (25, 100))
    assert psnr(ladder(H264ABR(), few)[1], scene()) > psnr(ladder(H264ABR(), many)[1], scene()) + 1


DIGEST = """
import hashlib
import sys
import numpy as np
from mmrobust.corruptions.codec import decoded, encoded
for name, frames in np.load(sys.argv[1]).items():
    stream = encoded(frames, name, {})
    data = b''.join(map(bytes, stream)) + decoded(stream, name, frames).tobytes()
    print(name, hashlib.md5(data).hexdigest())
"""


def test_another_process_with_other_memory_gives_the_same_bytes(tmp_path):
    # The GNU C library fills what is allocated: what reads it before writing is found out.
    # Of x264, which does so in its AVX-512 code, not every size shows it.
    large = np.stack([cv2.resize(frame, (320, 240)) for frame in render(0).frames[:12]])
    frames = {name: large if name == 'libx264' else scene() for name in CODECS}
    np.savez(tmp_path / 'frames.npz', **frames)
    found = [
        subprocess.run(
            [sys.executable, '-c', DIGEST, tmp_path / 'frames.npz'],
            env={**os.environ, 'MALLOC_PERTURB_': filling},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        for filling in ('85', '170')
    ]
    assert len(found[0]) == len(CODECS)
    assert found[0] == found[1]


@every
@pytest.mark.parametrize('shape', [(3, 33, 47), (1, 48, 64), (2, 1, 1), (1, 97, 131)])
def test_any_size_and_number_of_frames(kind, shape):
    frames, height, width = shape
    rows, columns = np.mgrid[:height, :width]
    ramp = np.stack([(rows + columns) // 2 + 40 + t for t in range(frames)]).astype(np.uint8)
    clip = Clip(np.repeat(ramp[..., None], 3, -1))
    for severity in (1, 5):
        found = kind(clip, severity, Draws(0, kind.name, 0))
        assert found.shape == clip.frames.shape
        # A smooth ramp stays one; of zeros beside it, the border would take.
        if severity == 1:
            assert abs(found.astype(int) - clip.frames).max() < 16


def test_the_last_frame_stays_where_others_do_not_arrive():
    # Each picture for itself.
    stream = encoded(scene(), 'mpeg4', {'g': '1'})
    whole = decoded(stream, 'mpeg4', scene())
    gaps = decoded([*stream[1:4], *stream[6:]], 'mpeg4', scene())
    np.testing.assert_array_equal(gaps, whole[[1, 1, 2, 3, 3, 3, 6, 7, 8, 9, 10, 11]])
    ended = decoded(stream[:2], 'mpeg4', scene())
    np.testing.assert_array_equal(ended, whole[[0] + [1] * 11])
    assert (decoded([], 'mpeg4', scene()) == 0).all()


def test_garbage_is_no_frame():
    stream = encoded(scene(), 'libx264', {'g': '1', 'bf': '0'})
    whole = decoded(stream, 'libx264', scene())
    other = av.Packet(b'\0\0\0\1\x65' + bytes(range(200)))
    other.pts, other.dts, other.time_base = stream[3].pts, stream[3].dts, stream[3].time_base
    found = decoded([*stream[:3], other, *stream[4:]], 'libx264', scene())
    np.testing.assert_array_equal(found[[0, 1, 2, 4, 5]], whole[[0, 1, 2, 4, 5]])


def test_an_encoder_that_is_not_there_is_named(monkeypatch):
    assert has_encoder('mpeg4')
    assert not has_encoder('libnothing')
    monkeypatch.setattr(codec, 'has_encoder', lambda name: name != 'libx265')
    with pytest.raises(MissingEncoderError, match="no encoder 'libx265'"):
        ladder(H265CRF(), Clip(scene()))
    assert len(ladder(H264CRF(), Clip(scene()[:1]))) == 5


def test_versions_of_the_encoders():
    found = encoder_versions.encoder_versions()
    assert set(found) == set(CODECS)
    assert found['libx264'].startswith('x264 - core ')
    assert found['libx265'].startswith('x265 (build ')
    assert found['mpeg4'].startswith('libavcodec ')
    assert not any('options' in version for version in found.values())


def test_versions_of_encoders_that_are_not_there(monkeypatch):
    monkeypatch.setattr(encoder_versions, 'has_encoder', lambda name: name == 'mpeg4')
    found = encoder_versions.encoder_versions.__wrapped__()
    assert found['libx264'] == found['libx265'] == 'none'
    assert found['mpeg4'] != 'none'


def test_they_belong_on_the_frames_of_the_file():
    assert {kind.place for kind in KINDS.values()} == {'raw'}
    assert {kind.level for kind in KINDS.values()} == {'stream'}
