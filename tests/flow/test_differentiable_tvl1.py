"""The differentiable TV-L1 estimator: agreement with OpenCV, and the estimator's contract."""

import cv2
import numpy as np
import pytest
import torch

from mmrobust.datasets.synthetic import synthesize
from mmrobust.flow.estimators.differentiable_tvl1 import DifferentiableTVL1, _grey
from mmrobust.flow.estimators.farneback import Farneback
from mmrobust.functional.tvl1 import TVL1Settings, tvl1
from mmrobust.registry import FLOWS

SHORT = dict(scales=2, warps=2, inner_iterations=8, outer_iterations=2)


def synthetic(index, size=(96, 128)):
    """Two neighbouring grey frames (H, W), uint8, of an embedded video."""
    frames = np.asarray(synthesize(index, seed=0, split='test').frames)[[10, 11]]
    return [shrunk(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), size) for frame in frames]


def shrunk(grey, size):
    return cv2.resize(grey, size[::-1], interpolation=cv2.INTER_AREA)


def video(path, number, size):
    capture = cv2.VideoCapture(str(path))
    frames = [capture.read()[1] for _ in range(number + 2)][-2:]
    return [shrunk(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), size) for frame in frames]


def strip(path, number):
    """Two neighbouring frames of a strip of frames of 64 x 64."""
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    return [image[:, 64 * t : 64 * t + 64].copy() for t in (number, number + 1)]


def opencv(first, second):
    return cv2.optflow.DualTVL1OpticalFlow_create().calc(first, second, None)


def differences(pair):
    """Endpoint difference (H, W) from OpenCV, and where OpenCV's flow is well defined.

    That is where noise of 0.001 grey levels moves it by less than 0.02 pixels.
    """
    first, second = (torch.from_numpy(grey).float()[None, None] for grey in pair)
    found = tvl1(first, second, TVL1Settings())[0].permute(1, 2, 0).numpy()
    expected, rng = opencv(*pair), np.random.default_rng(0)
    noisy = [(grey + rng.normal(0, 1e-3, grey.shape)) / 255 for grey in pair]
    moved = np.linalg.norm(opencv(*(x.astype(np.float32) for x in noisy)) - expected, axis=2)
    return np.linalg.norm(found - expected, axis=2), moved < 0.02


def assert_agrees(pair, mean, percentile):
    difference, defined = differences(pair)
    assert defined.mean() > 0.4
    assert difference[defined].mean() < 0.02
    assert np.quantile(difference[defined], 0.95) < 0.05
    assert difference.mean() < mean
    assert np.quantile(difference, 0.95) < percentile


@pytest.mark.parametrize('index', [0, 1, 5])
def test_flow_of_embedded_videos_is_that_of_opencv(index):
    assert_agrees(synthetic(index, (48, 64)), mean=0.04, percentile=0.12)


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.parametrize(
    ('name', 'number', 'size'),
    [
        ('test.mp4', 40, (96, 128)),
        ('part_0.mp4', 5, (96, 128)),
        ('demo.mp4', 60, (96, 128)),
        ('test.avi', 10, (120, 90)),
    ],
)
def test_flow_of_real_videos_is_that_of_opencv(name, number, size, real_data):
    pair = video(real_data / 'mmaction_tests' / name, number, size)
    assert_agrees(pair, mean=0.04, percentile=0.12)


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.parametrize(('action', 'number'), [(0, 20), (1, 10), (3, 31), (4, 25)])
def test_flow_of_small_real_videos_is_that_of_opencv(action, number, real_data):
    path = sorted((real_data / 'weizmann4' / str(action)).iterdir())[3]
    assert_agrees(strip(path, number), mean=0.04, percentile=0.12)


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize('index', [0, 1])
def test_flow_of_large_displacements_is_that_of_opencv(index, real_data):
    folder = real_data / 'flyingchairs2'
    names = (str(folder / f'{index}img{k}.ppm') for k in (0, 1))
    pair = [shrunk(cv2.imread(name, cv2.IMREAD_GRAYSCALE), (192, 256)) for name in names]
    assert_agrees(pair, mean=0.08, percentile=0.25)


def test_grey_is_that_of_opencv():
    frames = 255 * torch.rand(2, 3, 5, 7, generator=torch.Generator().manual_seed(0))
    for grey, frame in zip(_grey(frames), frames, strict=True):
        expected = cv2.cvtColor(frame.permute(1, 2, 0).numpy(), cv2.COLOR_RGB2GRAY)
        np.testing.assert_allclose(grey[0], expected, atol=1e-4)


def clips(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return 255 * torch.rand(2, 3, 3, 17, 21, generator=generator, dtype=torch.float64)


def value_and_gradient(estimator, frames):
    leaf = frames.clone().requires_grad_()
    flow = estimator(leaf)
    weight = torch.linspace(-1, 1, flow.numel(), dtype=flow.dtype).reshape(flow.shape)
    (gradient,) = torch.autograd.grad((flow * weight).sum(), leaf)
    return flow.detach(), gradient


def test_every_option_reaches_the_method():
    unusual = dict(
        tau=0.2, lambda_=0.1, theta=0.25, scales=2, warps=3, epsilon=0.02, inner_iterations=7,
        outer_iterations=4, scale_step=0.7, median_filtering=3,
    )  # fmt: skip
    estimator = FLOWS.build(dict(type='DifferentiableTVL1', **unusual))
    assert estimator.settings == TVL1Settings(**unusual)
    assert DifferentiableTVL1().settings == TVL1Settings()
    with pytest.raises(ValueError, match='warps'):
        DifferentiableTVL1(warps=0)


def test_flow_is_of_the_frames_in_their_order_and_layout():
    canvas = cv2.GaussianBlur(
        np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8), (0, 0), 2
    )
    canvas = cv2.normalize(canvas, None, 0, 255, cv2.NORM_MINMAX)
    frames = np.stack([canvas[4:36, 4 - t : 44 - t] for t in range(3)])  # one pixel to the right
    pixels = torch.from_numpy(frames).permute(0, 3, 1, 2).float()[None]
    flow = DifferentiableTVL1()(pixels)
    assert flow.shape == (1, 2, 2, 32, 40)
    assert (flow[:, :, 0, 5:-5, 5:-5] - 1).abs().mean() < 0.1
    assert flow[:, :, 1, 5:-5, 5:-5].abs().mean() < 0.1


def test_gradient_stays_within_a_pair():
    frames, estimator = clips().requires_grad_(), DifferentiableTVL1(**SHORT)
    (gradient,) = torch.autograd.grad(estimator(frames)[1, 0].sum(), frames)
    assert gradient[1, 0].abs().amax() > 0
    assert gradient[1, 1].abs().amax() > 0
    assert torch.equal(gradient[0], torch.zeros_like(gradient[0]))
    assert torch.equal(gradient[1, 2], torch.zeros_like(gradient[1, 2]))


def test_incremental_equals_full():
    estimator, frames = DifferentiableTVL1(**SHORT), clips()
    with estimator.incremental() as memo:
        for _ in range(2):
            found = value_and_gradient(estimator, frames)
            expected = value_and_gradient(DifferentiableTVL1(**SHORT), frames)
            assert torch.equal(found[0], expected[0])
            torch.testing.assert_close(found[1], expected[1], rtol=1e-6, atol=1e-9)
            frames = frames.clone()
            frames[0, 2] += 3 * torch.rand_like(frames[0, 2])
        assert memo.computed == 4 + 1


def test_it_stands_in_for_an_estimator_without_a_gradient():
    frames = clips().float()
    flow, gradient = value_and_gradient(Farneback(backward=DifferentiableTVL1(**SHORT)), frames)
    assert torch.equal(flow, Farneback()(frames))
    expected = value_and_gradient(DifferentiableTVL1(**SHORT), frames)[1]
    torch.testing.assert_close(gradient, expected)


@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_flow_and_gradient_have_the_type_of_the_frames(dtype):
    flow, gradient = value_and_gradient(DifferentiableTVL1(**SHORT), clips().to(dtype))
    assert flow.dtype == gradient.dtype == dtype
    with pytest.raises(ValueError, match='float32 or float64'):
        DifferentiableTVL1()(clips().half())
