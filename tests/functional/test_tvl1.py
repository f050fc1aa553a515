"""TV-L1 flow: its pieces against OpenCV, its gradient against finite differences."""

import cv2
import numpy as np
import pytest
import torch

from mmrobust.functional import tvl1 as module
from mmrobust.functional.tvl1 import TVL1Settings, tvl1

pytestmark = pytest.mark.sampled(3)

# Every constant away from its default, so that none can be mixed up.
UNUSUAL = TVL1Settings(
    tau=0.2,
    lambda_=0.1,
    theta=0.25,
    scales=1,
    warps=1,
    epsilon=0.003,
    inner_iterations=7,
    outer_iterations=3,
    scale_step=0.7,
    median_filtering=3,
)


def pattern(height, width, shift=(0.0, 0.0)):
    """A smooth pattern (1, 1, H, W), 0..255, moved by (horizontal, vertical) pixels."""
    generator = torch.Generator().manual_seed(0)
    waves = torch.rand(12, 4, generator=generator, dtype=torch.float64)
    y = torch.arange(height, dtype=torch.float64)[:, None] - shift[1]
    x = torch.arange(width, dtype=torch.float64) - shift[0]
    total = sum(
        (1.2 * (a - 0.5) * x + 1.2 * (b - 0.5) * y + 6.28 * c).sin() * (0.5 + d)
        for a, b, c, d in waves.tolist()
    )
    return (128 + 18 * total).clamp(0, 255)[None, None]


def noisy(*args, amount=4.0, seed=1):
    image = pattern(*args)
    generator = torch.Generator().manual_seed(seed)
    return image + amount * torch.randn(image.shape, generator=generator, dtype=image.dtype)


def batch(height, width):
    """Three pairs (3, 1, H, W) that need different numbers of iterations."""
    shifts = [(0.4, -0.3), (1.2, 0.8), (0.0, 0.05)]
    first = torch.cat([noisy(height, width, seed=i) for i in range(3)])
    second = torch.cat([noisy(height, width, s, seed=9) for s in shifts])
    return first, second


def opencv(first, second, settings):
    s = settings
    method = cv2.optflow.DualTVL1OpticalFlow_create(
        s.tau, s.lambda_, s.theta, s.scales, s.warps, s.epsilon, s.inner_iterations,
        s.outer_iterations, s.scale_step, 0.0, s.median_filtering, False,
    )  # fmt: skip
    # Floating point images are 0..1 there.
    pair = [(image[0, 0] / 255).float().numpy() for image in (first, second)]
    return torch.from_numpy(method.calc(*pair, None)).permute(2, 0, 1)[None]


# ---------------------------------------------------------------- pieces


@pytest.mark.parametrize('size', [(37, 53), (21, 90), (96, 128), (16, 16)])
@pytest.mark.parametrize('step', [0.8, 0.5])
def test_pyramid_is_that_of_opencv(size, step):
    image = 255 * torch.rand(1, 1, *size, generator=torch.Generator().manual_seed(0))
    found = module._pyramid(image, TVL1Settings(scales=5, scale_step=step))
    expected = [image[0, 0].numpy()]
    for _ in range(4):
        smaller = cv2.resize(expected[-1], None, fx=step, fy=step, interpolation=cv2.INTER_LINEAR)
        if min(smaller.shape) < 16:
            break
        expected.append(smaller)
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one[0, 0], other, atol=2e-3)


def test_warp_is_that_of_opencv():
    image = 255 * torch.rand(1, 1, 23, 31, generator=torch.Generator().manual_seed(0))
    flow = 8 * torch.rand(1, 2, 23, 31, generator=torch.Generator().manual_seed(1)) - 4
    y, x = np.mgrid[:23, :31].astype(np.float32)
    across, down = flow[0].numpy()
    expected = cv2.remap(image[0, 0].numpy(), x + across, y + down, cv2.INTER_CUBIC)
    found = module._warped(image, flow)[0, 0]
    np.testing.assert_allclose(found, expected, atol=5e-3)
    assert (found == 0).any()  # somewhere outside


@pytest.mark.parametrize('size', [(20, 27), (5, 7), (64, 48)])
def test_first_warp_is_that_of_opencv(size):
    first, second = noisy(*size), noisy(*size, (0.7, -0.5), seed=2)
    found = tvl1(first, second, UNUSUAL)
    expected = opencv(first, second, UNUSUAL)
    assert expected.abs().amax() > 0.1
    torch.testing.assert_close(found.float(), expected, rtol=0, atol=1e-4)


def test_scales_and_warps_are_those_of_opencv():
    settings = TVL1Settings(scales=3, warps=2, inner_iterations=10, outer_iterations=2, epsilon=0)
    first, second = noisy(40, 51), noisy(40, 51, (1.7, -0.5), seed=2)
    found = tvl1(first.float(), second.float(), settings)
    error = (found - opencv(first, second, settings)).norm(dim=1)
    assert error.mean() < 1e-3


# ---------------------------------------------------------------- flow


@pytest.mark.parametrize('shift', [(0.5, 0.25), (-1.3, 0.7), (2.6, -1.9)])
def test_translation_is_recovered(shift):
    first, second = pattern(48, 64), pattern(48, 64, shift)
    expected = torch.tensor(shift)[:, None, None]
    found, reference = (
        (method(first.float(), second.float(), TVL1Settings())[0] - expected)[:, 6:-6, 6:-6]
        for method in (tvl1, opencv)
    )
    assert found.norm(dim=0).mean() < 0.07
    assert found.norm(dim=0).mean() < 1.1 * reference.norm(dim=0).mean()


def test_flow_is_that_of_opencv():
    first, second = noisy(96, 128).round(), noisy(96, 128, (2.3, -1.4), seed=2).round()
    found = tvl1(first.float(), second.float(), TVL1Settings())
    error = (found - opencv(first, second, TVL1Settings())).norm(dim=1)
    assert error.mean() < 0.02
    assert error.flatten().quantile(0.95) < 0.05


@pytest.mark.parametrize('size', [(1, 1), (1, 9), (5, 7), (16, 40)])
def test_sides_of_any_size(size):
    first, second = noisy(*size).requires_grad_(), noisy(*size, seed=2)
    flow = tvl1(first, second, TVL1Settings())
    (gradient,) = torch.autograd.grad(flow.sum(), first)
    assert flow.shape == (1, 2, *size)
    assert flow.isfinite().all()
    assert gradient.isfinite().all()


def test_no_motion_has_no_flow_and_finite_gradients():
    still, blank = pattern(20, 24), torch.full((1, 1, 20, 24), 77.0).double()
    first = torch.cat([still, blank]).float().requires_grad_()
    second = torch.cat([still, blank]).float().requires_grad_()
    flow = tvl1(first, second, TVL1Settings())
    assert flow.abs().amax() < 1e-4
    assert torch.equal(flow[1], torch.zeros_like(flow[1]))
    for gradient in torch.autograd.grad((flow * torch.randn_like(flow)).sum(), (first, second)):
        assert gradient.isfinite().all()


@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_a_pair_in_a_batch_is_the_pair_alone(dtype):
    settings = TVL1Settings(warps=2, scales=2)
    first, second = (x.to(dtype).requires_grad_() for x in batch(24, 28))
    weight = torch.randn(3, 2, 24, 28, dtype=dtype, generator=torch.Generator().manual_seed(0))
    flow = tvl1(first, second, settings)
    found = torch.autograd.grad(flow, (first, second), weight)
    for i in range(3):
        one, other = (x[i : i + 1].detach().requires_grad_() for x in (first, second))
        alone = tvl1(one, other, settings)
        assert torch.equal(alone, flow[i : i + 1])
        expected = torch.autograd.grad(alone, (one, other), weight[i : i + 1])
        for gradient, other in zip(found, expected, strict=True):
            torch.testing.assert_close(gradient[i : i + 1], other, rtol=1e-6, atol=0)


def test_two_runs_are_the_same():
    first, second = (x.float().requires_grad_() for x in batch(20, 24))
    runs = []
    for _ in range(2):
        flow = tvl1(first, second, TVL1Settings())
        runs.append((flow, *torch.autograd.grad(flow.sum(), (first, second))))
    for one, other in zip(*runs, strict=True):
        assert torch.equal(one, other)


# ---------------------------------------------------------------- gradient


GRADIENTS = {
    'one warp': dict(scales=1, warps=1, inner_iterations=4, outer_iterations=1),
    'median filter': dict(scales=1, warps=1, inner_iterations=3, outer_iterations=3),
    'warps': dict(scales=1, warps=3, inner_iterations=4, outer_iterations=2),
    'stops': dict(scales=1, warps=2, epsilon=0.02),
    'scales': dict(scales=2, warps=2, inner_iterations=5, outer_iterations=2),
}


@pytest.mark.parametrize('name', GRADIENTS)
def test_gradient_is_that_of_finite_differences(name):
    settings = TVL1Settings(**GRADIENTS[name])
    size = (20, 23) if name == 'scales' else (12, 14)
    first, second = (x.requires_grad_() for x in batch(*size))
    generator = torch.Generator().manual_seed(3)
    weight = torch.randn(3, 2, *size, generator=generator, dtype=torch.float64)
    gradients = torch.autograd.grad(tvl1(first, second, settings), (first, second), weight)
    with torch.no_grad():
        for _ in range(4):
            ways = torch.randn(2, *first.shape, generator=generator, dtype=torch.float64)
            ends = [
                (tvl1(first + h * ways[0], second + h * ways[1], settings) * weight).sum()
                for h in (1e-7, -1e-7)
            ]
            slope = (ends[0] - ends[1]) / 2e-7
            expected = sum((g * way).sum() for g, way in zip(gradients, ways, strict=True))
            torch.testing.assert_close(slope, expected, rtol=1e-4, atol=1e-5)


def test_a_step_along_the_gradient_moves_the_flow_far_more_than_noise():
    first, second = noisy(48, 64).requires_grad_(), noisy(48, 64, (0.8, 0.3), seed=2)
    settings = TVL1Settings()
    mean = tvl1(first, second, settings)[:, 0].mean()
    (gradient,) = torch.autograd.grad(mean, first)
    with torch.no_grad():
        noise = torch.randn(first.shape, generator=torch.Generator().manual_seed(0)).sign()
        gains = [
            float(tvl1(first + 2 * way, second, settings)[:, 0].mean() - mean)
            for way in (gradient.sign(), noise)
        ]
    assert gains[0] > 0.05
    assert gains[0] > 5 * abs(gains[1])


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('tau', 0),
        ('lambda_', -1),
        ('theta', float('nan')),
        ('scales', 0),
        ('warps', 2.5),
        ('epsilon', -0.1),
        ('inner_iterations', True),
        ('outer_iterations', 0),
        ('scale_step', 1.0),
        ('median_filtering', 4),
    ],
)
def test_constants_out_of_range_are_refused(name, value):
    with pytest.raises(ValueError, match=f'^{name} must be'):
        TVL1Settings(**{name: value})


def test_other_images_are_refused():
    image = torch.zeros(1, 1, 8, 8)
    for first, second, name in [
        (torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 8), 'first'),
        (image, torch.zeros(1, 1, 8, 9), 'second'),
        (image, image.double(), 'first and second'),
        (image.byte(), image.byte(), 'first and second'),
    ]:
        with pytest.raises(ValueError, match=f'^{name} must be'):
            tvl1(first, second, TVL1Settings())
