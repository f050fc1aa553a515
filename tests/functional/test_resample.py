"""Resampling against grid_sample, closed forms and its own definition at the border."""

import pytest
import torch
import torch.nn.functional as F

from mmrobust.functional.resample import resample


def sampled(image, flow):
    """The same by grid_sample."""
    height, width = image.shape[2:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing='ij')
    grid = torch.stack(
        [2 * (x + flow[:, 0]) / (width - 1) - 1, 2 * (y + flow[:, 1]) / (height - 1) - 1], dim=-1
    )
    return F.grid_sample(image, grid, padding_mode='border', align_corners=True)


def pair(reach, shape=(3, 4, 6, 9)):
    torch.manual_seed(0)
    image = torch.randn(shape, dtype=torch.double)
    flow = torch.empty(shape[0], 2, *shape[2:], dtype=torch.double).uniform_(-reach, reach)
    return image.requires_grad_(), flow.requires_grad_()


@pytest.mark.parametrize('reach', [0.9, 4.0, 40.0])
def test_values_and_gradients_are_those_of_grid_sample(reach):
    image, flow = pair(reach)
    weight = torch.randn(image.shape, dtype=torch.double)
    found, expected = resample(image, flow), sampled(image, flow)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-13)
    ours = torch.autograd.grad((found * weight).sum(), (image, flow))
    theirs = torch.autograd.grad((expected * weight).sum(), (image, flow))
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)


def test_gradients_by_finite_differences():
    assert torch.autograd.gradcheck(resample, pair(2.5, (2, 2, 3, 4)))


def test_no_flow_gives_the_image():
    image, flow = pair(0.0)
    assert torch.equal(resample(image, flow), image)


@pytest.mark.parametrize('shape', [(1, 2, 67, 101), (2, 3, 64, 384), (1, 1, 240, 319)])
def test_whole_pixels_are_exact_in_single_precision(shape):
    image, flow = (x.detach().float() for x in pair(5.0, shape))
    flow.round_().requires_grad_()
    columns, rows = torch.arange(shape[3]), torch.arange(shape[2])[:, None]
    x = (columns + flow.detach()[:, 0]).long()
    y = (rows + flow.detach()[:, 1]).long()
    pixels = torch.nn.functional.pad(image, (20, 20, 20, 20), 'replicate')
    sample = torch.arange(shape[0])[:, None, None]
    at = [pixels[sample, :, y + 20 + down, x + 20 + right] for down, right in ((0, 0), (0, 1))]
    found = resample(image, flow)
    assert torch.equal(found, at[0].movedim(3, 1))
    # The slope ahead, of whole pixels too: no rounding leads to the one behind.
    gradient = torch.autograd.grad(found.sum(), flow)[0][:, 0]
    torch.testing.assert_close(gradient, (at[1] - at[0]).sum(3), rtol=1e-5, atol=1e-5)


def test_single_precision_is_as_good_as_that_of_grid_sample():
    exact = [x.detach() for x in pair(4.0, (2, 3, 96, 340))]
    single = [x.float() for x in exact]
    # The places themselves are rounded first, to 2^-15 of a pixel beyond column 256.
    truth = resample(*(x.double() for x in single))
    ours, theirs = (f(*single) - truth for f in (resample, sampled))
    assert ours.abs().max() < 2e-4
    assert ours.abs().mean() < 1.3 * theirs.abs().mean()


def test_there_are_no_second_derivatives():
    image, flow = pair(2.5, (1, 1, 4, 4))
    (first,) = torch.autograd.grad(resample(image, flow).square().sum(), flow, create_graph=True)
    with pytest.raises(RuntimeError, match='once_differentiable'):
        first.sum().backward()


def test_translation_of_whole_pixels():
    image, flow = (x.detach() for x in pair(0.0))
    flow[:, 0], flow[:, 1] = 2, -1
    found = resample(image, flow)
    assert torch.equal(found[:, :, 1:, :-2], image[:, :, :-1, 2:])
    # Beyond the border its pixels repeat.
    assert torch.equal(found[:, :, 0, :-2], image[:, :, 0, 2:])
    assert torch.equal(found[:, :, 1:, -1], image[:, :, :-1, -1])


def test_translation_of_a_ramp_by_part_of_a_pixel():
    y, x = torch.meshgrid(torch.arange(8.0), torch.arange(9.0), indexing='ij')
    ramp = (3 * x - 5 * y)[None, None].double()
    flow = torch.tensor([0.3, -0.8], dtype=torch.double)[None, :, None, None].expand(1, 2, 8, 9)
    found = resample(ramp, flow)[..., 1:, :-1]
    torch.testing.assert_close(found, (ramp + 3 * 0.3 + 5 * 0.8)[..., 1:, :-1])


def test_outside_there_is_the_border_and_no_gradient():
    image, _ = pair(0.0)
    flow = torch.full((3, 2, 6, 9), 1e30, dtype=torch.double, requires_grad=True)
    found = resample(image, flow)
    assert torch.equal(found, image[:, :, -1:, -1:].expand_as(image))
    (gradient,) = torch.autograd.grad(found.sum(), flow)
    assert not gradient.any()


def test_gradient_at_whole_coordinates_is_the_slope_ahead():
    image, flow = pair(0.0, (1, 1, 5, 6))
    horizontal, vertical = torch.autograd.grad(resample(image, flow).sum(), flow)[0][0]
    slope = image.detach()[0, 0]
    torch.testing.assert_close(horizontal[:, :-1], slope[:, 1:] - slope[:, :-1])
    torch.testing.assert_close(vertical[:-1], slope[1:] - slope[:-1])
    assert not horizontal[:, -1].any()
    assert not vertical[-1].any()


def test_sides_of_one_pixel():
    image, flow = pair(3.0, (2, 3, 1, 1))
    assert torch.equal(resample(image, flow), image)


def test_flow_that_is_no_number_stays_where_it_is():
    image, flow = (x.detach() for x in pair(0.4))
    flow[1, 0, 2, 3], flow[2, 1, 0, 0] = float('nan'), float('inf')
    bad = resample(image, flow).isnan().any(dim=1).nonzero()
    assert bad.tolist() == [[1, 2, 3], [2, 0, 0]]


@pytest.mark.parametrize('shape', [(2, 2, 6, 9), (3, 3, 6, 9), (3, 2, 9, 6), (2, 6, 9)])
def test_flow_of_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match='^flow must be shaped'):
        resample(torch.zeros(3, 4, 6, 9), torch.zeros(shape))
