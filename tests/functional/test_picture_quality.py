"""PSNR and SSIM against their formulas, and against scikit-image's numbers."""

import math

import numpy as np
import pytest
import torch

from mmrobust.functional import ssim as module
from mmrobust.functional.picture_quality import picture_quality
from mmrobust.functional.psnr import psnr
from mmrobust.functional.ssim import ssim


def pictures():
    """Two grey pictures (20, 24) that anybody can make."""
    y, x = np.mgrid[:20, :24]
    first, second = (7 * x + 11 * y + x * y) % 256, (5 * x + 13 * y + 3 * x * y) % 256
    return [torch.from_numpy(value.astype(np.uint8))[None] for value in (first, second)]


def flat(value, *shape):
    return torch.full(shape, value, dtype=torch.uint8)


def test_numbers_of_scikit_image():
    # skimage 0.26.0: structural_similarity(a, b, gaussian_weights=True, sigma=1.5,
    # use_sample_covariance=False, data_range=255), and peak_signal_noise_ratio(a, b).
    first, second = pictures()
    assert ssim(first, second) == pytest.approx(-0.1616540692750127, abs=1e-12)
    assert psnr(first, second) == pytest.approx(7.8967698782739735, abs=1e-12)


def test_one_value_everywhere_has_a_closed_form():
    first, second = flat(100, 3, 12, 15), flat(130, 3, 12, 15)
    c1 = (0.01 * 255) ** 2
    expected = (2 * 100 * 130 + c1) / (100**2 + 130**2 + c1)
    assert ssim(first, second) == pytest.approx(expected)
    assert psnr(first, second) == pytest.approx(20 * math.log10(255 / 30))


def test_frames_and_channels_are_averaged():
    first, second = pictures()
    same, other = torch.stack([first, first], 1), torch.stack([first, second], 1)
    assert ssim(same, other) == pytest.approx((1 + ssim(first, second)) / 2)
    assert psnr(same, other) == pytest.approx(psnr(first, second) + 10 * math.log10(2))
    colours = torch.cat([first, first, second]), torch.cat([first, second, second])
    assert ssim(*colours) == pytest.approx((2 + ssim(first, second)) / 3)


def test_some_frames_stand_for_many(monkeypatch):
    first, second = pictures()
    clean = first[:, None].repeat(1, 80, 1, 1)
    changed = clean.clone()
    changed[:, :40] = second[:, None]
    looked_at = []
    whole = module._similarity
    monkeypatch.setattr(module, '_similarity', lambda *pair: looked_at.append(pair) or whole(*pair))
    assert ssim(clean, changed) == pytest.approx((1 + ssim(first, second)) / 2)
    assert len(looked_at) == 32 + 1


def test_equal_and_small_pictures():
    first, _ = pictures()
    assert (psnr(first, first), ssim(first, first)) == (None, 1)
    assert ssim(flat(1, 3, 10, 40), flat(2, 3, 10, 40)) is None
    assert ssim(flat(1, 3, 11, 11), flat(1, 3, 11, 11)) == 1


def test_darker_is_as_far_as_brighter():
    # Differences of unsigned bytes would wrap round.
    assert psnr(flat(4, 1, 2, 2), flat(0, 1, 2, 2)) == psnr(flat(0, 1, 2, 2), flat(4, 1, 2, 2))


def test_what_is_no_picture_has_no_quality():
    joints = torch.zeros(2, 3, 20, 1, dtype=torch.float64)
    assert picture_quality(joints, joints + 1) == {'psnr': None, 'ssim': None}
    first, second = pictures()
    found = picture_quality(first, second.float())
    assert found == {'psnr': psnr(first, second), 'ssim': ssim(first, second)}
