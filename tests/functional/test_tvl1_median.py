"""The median filter of TV-L1 flow, against OpenCV and PyTorch."""

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mmrobust.functional.tvl1_median import median_filter


@pytest.mark.parametrize('side', [3, 5])
@pytest.mark.parametrize('size', [(1, 1), (5, 7), (24, 31)])
def test_median_filter_is_that_of_opencv(side, size):
    image = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(0))
    found = median_filter(image, side)
    for plane, expected in zip(found.flatten(0, 1), image.flatten(0, 1), strict=True):
        np.testing.assert_array_equal(plane, cv2.medianBlur(expected.numpy(), side))


@pytest.mark.parametrize('side', [3, 5])
def test_median_filter_passes_its_gradient_to_the_selected_pixel(side):
    image = torch.randn(2, 2, 6, 9, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(2, 2, 6, 9, dtype=torch.float64)
    half = side // 2
    windows = F.pad(image, (half,) * 4, mode='replicate').unfold(2, side, 1).unfold(3, side, 1)
    (expected,) = torch.autograd.grad(windows.flatten(4).median(4).values, image, weight)
    (found,) = torch.autograd.grad(median_filter(image, side), image, weight)
    torch.testing.assert_close(found, expected)


def test_median_filter_of_equal_pixels_passes_its_gradient_straight_on():
    image = torch.zeros(1, 2, 6, 9, requires_grad=True)
    weight = torch.randn(1, 2, 6, 9)
    (found,) = torch.autograd.grad(median_filter(image, 5), image, weight)
    assert torch.equal(found, weight)
