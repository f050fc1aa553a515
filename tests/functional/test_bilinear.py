"""Reads at fixed places against ``grid_sample`` and exact values."""

import pytest
import torch
import torch.nn.functional as F

from mmrobust.functional.bilinear import BilinearGather

C, H, W = 3, 5, 8


def picture(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(C, H, W, generator=generator).double()


def test_reads_are_grid_sample_with_zeros_inside_and_about_the_border():
    generator = torch.Generator().manual_seed(1)
    size = torch.tensor([W, H]).double()[:, None, None]
    place = (size + 6) * torch.rand(2, 40, 50, generator=generator).double() - 3
    gather = BilinearGather.at(place, (H, W))
    grid = (2 * place / (size - 1) - 1).permute(1, 2, 0)[None]
    for seed in range(3):
        expected = F.grid_sample(picture(seed)[None], grid, align_corners=True)[0]
        torch.testing.assert_close(gather.of(picture(seed)), expected, rtol=0, atol=1e-12)


def test_whole_places_are_exact_and_all_beyond_is_zero():
    x, y = torch.meshgrid(torch.arange(-4, W + 4), torch.arange(-4, H + 4), indexing='xy')
    found = BilinearGather.at(torch.stack([x, y]).float(), (H, W)).of(picture().float())
    assert torch.equal(found, F.pad(picture().float(), (4, 4, 4, 4)))


@pytest.mark.parametrize('far', [1e4, -1e4, 3e37, -3e37])
def test_far_away_there_is_zero(far):
    for place in ([far, 1.5], [1.5, far], [far, far]):
        assert (BilinearGather.at(torch.tensor(place)[:, None], (H, W)).of(picture()) == 0).all()


def test_places_may_have_any_shape_and_precision():
    for shape in [(4,), (2, 3, 4)]:
        found = BilinearGather.at(torch.zeros(2, *shape), (H, W)).of(picture())
        assert found.shape == (C, *shape)
        assert found.dtype == torch.float64
        assert (found == picture()[:, 0, 0].reshape(C, *[1] * len(shape))).all()


@pytest.mark.parametrize('shape', [(C, W, H), (H, W), (1, C, H, W)])
def test_an_image_of_another_size_is_refused(shape):
    with pytest.raises(ValueError, match=r'image must be an image \(C, 5, 8\)'):
        BilinearGather.at(torch.zeros(2, 4), (H, W)).of(torch.zeros(shape))
