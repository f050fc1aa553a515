"""MMPose's UDP decoding, of heatmaps whose curvature has no inverse."""

import inspect
import logging

import numpy as np
import pytest
from mmpose.codecs import UDPHeatmap, associative_embedding, udp_heatmap
from mmpose.codecs.utils import refinement

from mmrobust.compat import flat_heatmaps as module
from mmrobust.compat.flat_heatmaps import FlatHeatmaps, flat_heatmaps

EPS = np.finfo(np.float32).eps


def peaks(joints):
    """Gaussians whose maxima lie between pixels, as float32 heatmaps (K, H, W)."""
    y, x = np.mgrid[:16, :12]
    centres = np.random.default_rng(0).uniform(4, 8, (joints, 2))
    bumps = [np.exp(-((x - a) ** 2 + (y - b) ** 2) / 8) for a, b in centres]
    return np.stack(bumps).astype(np.float32)


def flat():
    """A heatmap whose Hessian at (6, 9) is -eps on the diagonal: the decoder adds eps."""
    high = low = np.float32(3)
    while np.log(low) > np.log(high) - EPS:
        low = np.nextafter(low, np.float32(0))
    assert np.log(low) == np.log(high) - EPS
    found = np.full((16, 12), 0.5, np.float32)
    found[9:11, 6:8] = high
    found[9, 5] = found[8, 6] = found[10, 7] = found[8, 5] = low
    return found


@pytest.fixture(autouse=True)
def _sharp(monkeypatch):
    monkeypatch.setattr(module, '_left', 0)
    monkeypatch.setattr(refinement, 'gaussian_blur', lambda heatmaps, kernel: heatmaps)


def decode(heatmaps):
    codec = UDPHeatmap(input_size=(45, 61), heatmap_size=(12, 16), sigma=2)
    return codec.decode(heatmaps)


def test_other_joints_of_the_pose_are_refined_as_ever(caplog):
    heatmaps = peaks(4)
    expected, scores = decode(heatmaps)
    heatmaps[2] = flat()
    with caplog.at_level(logging.WARNING, logger='mmrobust.compat'):
        with flat_heatmaps() as flag:
            found, found_scores = decode(heatmaps)
        decode(heatmaps)
    others = [0, 1, 3]
    assert np.array_equal(found[:, others], expected[:, others])
    assert np.array_equal(found_scores[:, others], scores[:, others])
    np.testing.assert_allclose(found[0, 2], [6 * 45 / 11, 9 * 61 / 15])
    assert flag == {'flat_heatmap'}
    # Said once, whatever follows.
    assert ['too flat to refine' in record.getMessage() for record in caplog.records] == [True]


def test_stock_ends_there():
    stock = inspect.unwrap(refinement.refine_keypoints_dark_udp)
    assert stock is not refinement.refine_keypoints_dark_udp
    with pytest.raises(np.linalg.LinAlgError):
        stock(np.array([[[6.0, 9.0]]]), flat()[None], 1)


def test_heatmaps_that_decode_stay_as_stock(caplog):
    stock, healed = (
        refine(np.full((2, 3, 2), 5.0), peaks(3), 11)
        for refine in (
            inspect.unwrap(refinement.refine_keypoints_dark_udp),
            refinement.refine_keypoints_dark_udp,
        )
    )
    assert np.array_equal(stock, healed)
    assert not caplog.records
    with flat_heatmaps() as flag:
        decode(peaks(3))
    assert flag == set()


def test_codecs_that_were_imported_before_are_healed_once(monkeypatch):
    stock = inspect.unwrap(refinement.refine_keypoints_dark_udp)
    for codec in (udp_heatmap, associative_embedding):
        monkeypatch.setattr(codec, 'refine_keypoints_dark_udp', stock)
    each = FlatHeatmaps()
    each.heal()
    each.heal()
    for codec in (udp_heatmap, associative_embedding, refinement):
        assert codec.refine_keypoints_dark_udp.__wrapped__ is stock
