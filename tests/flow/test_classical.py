"""OpenCV's estimators: the flow is OpenCV's own, for frames of any size."""

import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch

from mmrobust.flow.classical import estimator as classical
from mmrobust.flow.estimators.dis import DIS
from mmrobust.flow.estimators.farneback import Farneback
from mmrobust.flow.estimators.tvl1 import TVL1
from mmrobust.registry import FLOWS


def clips(n=2, t=3, h=40, w=50, seed=0):
    """Whole grey levels of a blurred pattern that moves by about a pixel."""
    rng = np.random.default_rng(seed)
    found = np.empty((n, t, h, w, 3), np.uint8)
    for clip in found:
        canvas = cv2.GaussianBlur(rng.integers(0, 256, (h + t, w + t, 3), np.uint8), (0, 0), 2)
        canvas = cv2.normalize(canvas, None, 0, 255, cv2.NORM_MINMAX)
        for i in range(t):
            clip[i] = canvas[i : i + h, :w]
    return torch.from_numpy(found).permute(0, 1, 4, 2, 3).float()


def opencv_tvl1(first, second):
    return cv2.optflow.DualTVL1OpticalFlow_create().calc(first, second, None)


def opencv_farneback(first, second):
    return cv2.calcOpticalFlowFarneback(first, second, None, 0.5, 3, 15, 3, 5, 1.2, 0)


def opencv_dis(first, second):
    return cv2.DISOpticalFlow_create().calc(first, second, None)


DIRECT = {'TVL1': opencv_tvl1, 'Farneback': opencv_farneback, 'DIS': opencv_dis}


@pytest.mark.parametrize('name', DIRECT)
def test_flow_is_that_of_opencv(name):
    frames = clips()
    flow = FLOWS.build({'type': name})(frames)
    pixels = frames.byte().permute(0, 1, 3, 4, 2).numpy()
    for clip in range(2):
        grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in pixels[clip]]
        for t in range(2):
            expected = DIRECT[name](grey[t], grey[t + 1])
            assert np.abs(expected).max() > 0.5
            np.testing.assert_array_equal(flow[clip, t].permute(1, 2, 0).numpy(), expected)


OPTIONS = [
    (TVL1, dict(tau=0.2), 'Tau', 0.2),
    (TVL1, dict(lambda_=0.1), 'Lambda', 0.1),
    (TVL1, dict(theta=0.2), 'Theta', 0.2),
    (TVL1, dict(scales=1), 'ScalesNumber', 1),
    (TVL1, dict(warps=2), 'WarpingsNumber', 2),
    (TVL1, dict(epsilon=0.02), 'Epsilon', 0.02),
    (TVL1, dict(inner_iterations=3), 'InnerIterations', 3),
    (TVL1, dict(outer_iterations=1), 'OuterIterations', 1),
    (TVL1, dict(scale_step=0.6), 'ScaleStep', 0.6),
    (TVL1, dict(gamma=0.1), 'Gamma', 0.1),
    (TVL1, dict(median_filtering=3), 'MedianFiltering', 3),
]


@pytest.mark.parametrize(('cls', 'options', 'name', 'value'), OPTIONS, ids=[o[2] for o in OPTIONS])
def test_options_of_tvl1_are_those_of_opencv(cls, options, name, value):
    first, second = (classical.grey(frame)[0] for frame in clips(n=1, t=2, h=24, w=30)[0][:, None])
    method = cv2.optflow.DualTVL1OpticalFlow_create()
    getattr(method, f'set{name}')(value)
    expected = method.calc(first, second, None)
    np.testing.assert_array_equal(cls(**options).method(first, second), expected)
    assert not np.array_equal(opencv_tvl1(first, second), expected)


FARNEBACK = dict(
    pyr_scale=0.7, levels=0, winsize=9, iterations=2, poly_n=7, poly_sigma=1.5, flags=256
)


@pytest.mark.parametrize('name', FARNEBACK)
def test_options_of_farneback_are_those_of_opencv(name):
    first, second = (classical.grey(frame)[0] for frame in clips(n=1, t=2, h=80, w=90)[0][:, None])
    usual = dict(
        pyr_scale=0.5, levels=3, winsize=15, iterations=3, poly_n=5, poly_sigma=1.2, flags=0
    )
    options = {name: FARNEBACK[name]}
    expected = cv2.calcOpticalFlowFarneback(first, second, None, **{**usual, **options})
    np.testing.assert_array_equal(Farneback(**options).method(first, second), expected)
    assert not np.array_equal(opencv_farneback(first, second), expected)


@pytest.mark.parametrize(('preset', 'number'), [('ultrafast', 0), ('fast', 1), ('medium', 2)])
def test_presets_of_dis_are_those_of_opencv(preset, number):
    first, second = (classical.grey(frame)[0] for frame in clips(n=1, t=2)[0][:, None])
    expected = cv2.DISOpticalFlow_create(number).calc(first, second, None)
    np.testing.assert_array_equal(DIS(preset=preset).method(first, second), expected)


@pytest.mark.parametrize('name', ['TVL1', 'DIS'])
def test_a_small_pair_does_not_change_the_next_one(name):
    # OpenCV's objects keep the number of scales that a small frame allowed.
    estimator, frames = FLOWS.build({'type': name}), clips(n=1, t=2, h=96, w=100)
    expected = estimator(frames)
    estimator(frames[..., :20, :20])
    assert torch.equal(estimator(frames), expected)


def test_frames_are_rounded_and_clamped_to_grey_levels():
    frames = clips()
    noise = torch.rand(frames.shape, generator=torch.Generator().manual_seed(0)) - 0.5
    outside = frames + 0.98 * noise - 10.0 * (frames == 0) + 10.0 * (frames == 255)
    assert outside.min() < 0
    assert outside.max() > 255
    expected = DIS()(frames)
    for dtype in (torch.float32, torch.float64):
        flow = DIS()(outside.to(dtype))
        assert flow.dtype == dtype
        assert torch.equal(flow, expected.to(dtype))


@pytest.mark.parametrize('value', [torch.nan, torch.inf, -torch.inf])
def test_frames_that_are_not_finite_are_refused(value):
    frames = clips()
    frames[1, 1, 1, 1, 1] = value
    with pytest.raises(ValueError, match='frames must be finite'):
        DIS()(frames)


def test_no_clips_give_no_flow():
    assert DIS()(torch.zeros(0, 3, 3, 5, 7)).shape == (0, 2, 2, 5, 7)


@pytest.mark.parametrize('name', DIRECT)
def test_flow_where_nothing_moves_is_finite(name):
    estimator = FLOWS.build({'type': name})
    still = clips(n=1, t=1).expand(1, 2, 3, 40, 50)
    flow = estimator(still)
    # Farneback's border is not symmetric: its flow there is not quite zero.
    assert flow.abs().max() <= (1 if name == 'Farneback' else 0)
    assert estimator(torch.full((1, 2, 3, 40, 50), 77.0)).abs().max() == 0


SIZES = """
import hashlib, sys
import numpy as np
from mmrobust.flow.classical import opencv
from mmrobust.flow.classical.opencv import dis, farneback, tvl1
assert 'torch' not in sys.modules, 'workers would load torch'
fast = dict(tau=.25, lambda_=.15, theta=.3, scales=5, warps=2, epsilon=.01, inner_iterations=5,
            outer_iterations=2, scale_step=.8, gamma=.0, median_filtering=5)
usual = dict(pyr_scale=.5, levels=3, winsize=15, iterations=3, poly_n=5, poly_sigma=1.2, flags=0)
methods = [lambda *pair: tvl1(*pair, **fast), lambda *pair: tvl1(*pair, **{**fast, 'gamma': 1}),
           lambda *pair: farneback(*pair, **usual),
           *(lambda *pair, p=p: dis(*pair, preset=p) for p in opencv.PRESETS)]
rng = np.random.default_rng(0)
for size in [(1, 1), (1, 9), (9, 1), (2, 3), (5, 7), (8, 128), (12, 300), (300, 12), (11, 40),
             (31, 640), (17, 90), (33, 47), (1, 400)]:
    pair = rng.integers(0, 256, (2, *size), np.uint8)
    for method in methods:
        flow = method(*pair)
        assert flow.shape == (*size, 2) and flow.dtype == np.float32, size
        assert np.isfinite(flow).all(), size
        print(size, hashlib.md5(flow.tobytes()).hexdigest())
"""


def test_frames_of_any_size_whatever_the_memory_held_before():
    # In other processes: OpenCV's own failures are crashes, and glibc fills
    # fresh memory with a value of choice.
    found = []
    for filling in ('1', '165'):
        run = subprocess.run(
            [sys.executable, '-c', SIZES],
            env={**os.environ, 'MALLOC_PERTURB_': filling},
            capture_output=True,
            text=True,
        )
        assert run.returncode == 0, run.stderr[-2000:]
        found.append(run.stdout)
    assert found[0].count('\n') == 13 * 6
    assert found[0] == found[1]


def test_tvl1_names_the_package_that_is_missing(monkeypatch):
    monkeypatch.delattr(cv2, 'optflow')
    with pytest.raises(ImportError, match='TVL1 needs .*: pip install opencv-contrib-python'):
        FLOWS.build({'type': 'TVL1'})


BAD = [
    ('TVL1', 'tau', 0),
    ('TVL1', 'lambda_', -1),
    ('TVL1', 'theta', float('nan')),
    ('TVL1', 'scales', 0),
    ('TVL1', 'warps', 1.5),
    ('TVL1', 'epsilon', -0.1),
    ('TVL1', 'inner_iterations', 0),
    ('TVL1', 'outer_iterations', '3'),
    ('TVL1', 'scale_step', 1),
    ('TVL1', 'gamma', -1),
    ('TVL1', 'median_filtering', 4),
    ('Farneback', 'pyr_scale', 1.0),
    ('Farneback', 'levels', -1),
    ('Farneback', 'winsize', 2.0),
    ('Farneback', 'iterations', 0),
    ('Farneback', 'poly_n', 0),
    ('Farneback', 'poly_sigma', 0),
    ('Farneback', 'flags', cv2.OPTFLOW_USE_INITIAL_FLOW),
    ('DIS', 'preset', 'slow'),
    ('DIS', 'workers', -1),
    ('DIS', 'workers', 1.0),
    ('DIS', 'workers', True),
    ('DIS', 'cache', __file__),
]


@pytest.mark.parametrize(('name', 'option', 'value'), BAD, ids=[f'{b[0]}-{b[1]}' for b in BAD])
def test_options_out_of_range_are_named(name, option, value):
    with pytest.raises(ValueError, match=f'^{option} must be .*got '):
        FLOWS.build({'type': name, option: value})


@pytest.mark.parametrize('name', DIRECT)
def test_a_gradient_needs_a_stand_in(name):
    with pytest.raises(ValueError, match=f'{name} has no gradient; .*backward='):
        FLOWS.build({'type': name})(clips().requires_grad_())


def test_the_bar_is_shown_in_a_terminal_where_several_pairs_are_computed(monkeypatch, capsys):
    estimator = DIS(progress=True)
    estimator(clips())
    assert capsys.readouterr() == ('', '')
    monkeypatch.setenv('FORCE_COLOR', '1')
    estimator(clips(n=1, t=2))
    DIS()(clips())
    assert capsys.readouterr() == ('', '')
    estimator(clips())
    out, err = capsys.readouterr()
    assert out == ''
    assert 'optical flow' in err
