"""The codec's motion vectors: sign, size, and what has none."""

import cv2
import numpy as np
import pytest
import torch

from mmrobust.datasets.synthetic.sample import synthesize
from mmrobust.flow.estimators.codec_motion import _pictures
from mmrobust.functional.endpoint_error import endpoint_error
from mmrobust.registry import FLOWS

CODEC = FLOWS.build({'type': 'CodecMotion'})


def textured(height=136, width=168, blur=2):
    """A blurred pattern of random colours, uint8 (height, width, 3)."""
    canvas = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    canvas = cv2.GaussianBlur(canvas, (0, 0), blur)
    return cv2.normalize(canvas, None, 0, 255, cv2.NORM_MINMAX)


def pair(x, y, height=96, width=128):
    """Two frames (1, 3, H, W); the content moves by (x, y) from the first to the second."""
    canvas = textured()
    frames = [
        canvas[20 - v : 20 - v + height, 20 - u : 20 - u + width] for u, v in ((0, 0), (x, y))
    ]
    return [torch.from_numpy(f.copy()).permute(2, 0, 1)[None].float() for f in frames]


@pytest.mark.parametrize(('x', 'y'), [(3, -2), (-5, 4), (0, 3), (4, 0)])
def test_a_shift_by_whole_pixels_is_found_in_nearly_all_blocks(x, y):
    flow = CODEC.estimate(*pair(x, y))
    assert flow.shape == (1, 2, 96, 128)
    assert flow.dtype == torch.float32
    expected = torch.tensor([x, y])[:, None, None]
    inner = flow[0, :, 16:-16, 16:-16]
    assert (inner == expected).all(dim=0).float().mean() > 0.9
    farneback = FLOWS.build({'type': 'Farneback'}).estimate(*pair(x, y))[0, :, 16:-16, 16:-16]
    assert (farneback - expected).abs().mean() < 0.1


def test_half_pixels_are_found():
    first, second = (
        cv2.resize(f[0].permute(1, 2, 0).numpy(), (64, 48), interpolation=cv2.INTER_AREA)
        for f in pair(3, -5)
    )
    frames = [torch.from_numpy(f).permute(2, 0, 1)[None] for f in (first, second)]
    inner = CODEC.estimate(*frames)[0, :, 16:-16, 16:-16]
    assert inner[0].median() == 1.5
    assert inner[1].median() == -2.5


def test_vectors_are_constant_over_blocks():
    samples = synthesize(0, split='test', drift=14.0).frames[6:8]
    first, second = torch.from_numpy(samples).permute(0, 3, 1, 2).float()[:, None]
    blocks = CODEC.estimate(first, second)[0].unflatten(1, (6, 16)).unflatten(3, (8, 16))
    assert torch.equal(blocks, blocks[:, :, :1, :, :1].expand_as(blocks))
    assert len(blocks[:, :, 0, :, 0].flatten(1).unique(dim=1).T) >= 3


def test_vectors_are_near_the_true_flow():
    samples = [synthesize(index, split='test', drift=14.0) for index in range(6)]
    frames = torch.stack([torch.from_numpy(s.frames[6:8]) for s in samples])
    first, second = frames.permute(1, 0, 4, 2, 3).float()
    truth = torch.stack([torch.from_numpy(s.flow[6]) for s in samples])
    flow = CODEC.estimate(first, second)
    none = endpoint_error(torch.zeros_like(truth), truth).mean()
    # Measured: 0.262, none 0.521, the opposite sign 0.978.
    assert endpoint_error(flow, truth).mean() < 0.30 < none / 1.7
    assert endpoint_error(-flow, truth).mean() > none


@pytest.mark.parametrize('size', [(1, 1), (7, 9), (16, 16), (17, 33), (1, 100), (40, 12)])
def test_frames_of_any_size_and_pairs_that_do_not_mix(size):
    generator = torch.Generator().manual_seed(0)
    first, second = 255 * torch.rand(2, 3, 3, *size, generator=generator)
    flow = CODEC.estimate(first, second)
    assert flow.shape == (3, 2, *size)
    assert flow.isfinite().all()
    for row in range(3):
        assert torch.equal(flow[row], CODEC.estimate(first[row][None], second[row][None])[0])


def test_what_does_not_move_has_no_vector():
    still = pair(0, 0)[0]
    assert CODEC.estimate(still, still).abs().max() == 0
    flat = torch.full((1, 3, 32, 32), 77.0)
    assert CODEC.estimate(flat, flat).abs().max() == 0


def test_pictures_that_have_nothing_in_common_are_predicted_all_the_same():
    # Left to itself, the encoder makes the second picture a key frame without vectors.
    canvas = textured(96, 192, blur=1.2)
    halves = canvas[:, :96], canvas[:, 96:]
    first, second = (torch.from_numpy(h.copy()).permute(2, 0, 1)[None].float() for h in halves)
    assert CODEC.estimate(first, second).abs().max() > 0


def test_frames_are_rounded_and_clamped():
    levels = torch.arange(256.0).reshape(1, 1, 16, 16).repeat(1, 3, 1, 1)
    (expected,) = _pictures(levels)
    assert np.array_equal(expected, levels[0].permute(1, 2, 0).numpy())
    beyond = levels + torch.where(levels == 0, -9.0, 0.0) + torch.where(levels == 255, 9.0, 0.0)
    for moved in (levels + 0.4, levels - 0.4, beyond):
        assert np.array_equal(_pictures(moved)[0], expected)


def test_frames_are_continued_by_their_last_row_and_column():
    (picture,) = _pictures(255 * torch.rand(1, 3, 7, 9))
    assert picture.shape == (16, 16, 3)
    assert (picture[7:] == picture[6]).all()
    assert (picture[:, 9:] == picture[:, 8:9]).all()


def test_frames_that_are_not_finite_are_refused():
    first, second = pair(1, 1)
    first[0, 0, 0, 0] = torch.nan
    with pytest.raises(ValueError, match='frames must be finite'):
        CODEC.estimate(first, second)


def test_neither_motion_source_has_a_gradient():
    frames = torch.zeros(1, 2, 3, 16, 16, requires_grad=True)
    for name in ('CodecMotion', 'NoMotion'):
        with pytest.raises(ValueError, match=f'{name} has no gradient'):
            FLOWS.build({'type': name})(frames)


def test_no_motion_is_zero():
    flow = FLOWS.build({'type': 'NoMotion'})(255 * torch.rand(2, 3, 3, 7, 9))
    assert flow.shape == (2, 2, 2, 7, 9)
    assert flow.abs().max() == 0


def test_no_pairs_give_no_flow():
    assert CODEC(torch.zeros(0, 3, 3, 7, 9)).shape == (0, 2, 2, 7, 9)
