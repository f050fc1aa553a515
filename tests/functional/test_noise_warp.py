"""Moved noise against exact shifts, closed forms and ``grid_sample``."""

import math

import pytest
import torch
import torch.nn.functional as F

from mmrobust.functional.noise_warp import (
    accumulate,
    affine_frames,
    chain,
    chain_gathers,
    lookup_gather,
    warp_chain,
)

C, T, H, W = 3, 5, 7, 9


def frame(height=H, width=W, dtype=torch.float32):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(C, height, width, generator=generator, dtype=dtype)


def constant(x, y, frames=T, height=H, width=W, dtype=torch.float32):
    return torch.tensor([x, y], dtype=dtype)[None, :, None, None].expand(frames, 2, height, width)


def warped(noise, maps, starts=(0,)):
    return warp_chain(noise, chain_gathers(maps, starts))


def lookup(noise, backward):
    return lookup_gather(backward).of(noise)


def shifted(image, x, y):
    """``image`` read x pixels further right and y further down, zeros beyond."""
    found = torch.zeros_like(image)
    height, width = image.shape[-2:]
    for row in range(height):
        for column in range(width):
            if 0 <= row + y < height and 0 <= column + x < width:
                found[..., row, column] = image[..., row + y, column + x]
    return found


@pytest.mark.parametrize(('x', 'y'), [(2, 0), (0, -1), (-1, 2), (3, -2)])
def test_whole_pixels_are_an_exact_shift_with_zeros_coming_in(x, y):
    moved = warped(frame(), constant(x, y))
    assert moved.shape == (C, T, H, W)
    assert moved.dtype == torch.float32
    for t in range(T):
        assert torch.equal(moved[:, t], shifted(frame(), t * x, t * y)), t
    assert (moved[:, 1] == 0).any()


def test_half_a_pixel_is_the_mean_of_both_neighbours():
    moved = warped(frame(), constant(0.5, 0.0, frames=2))[:, 1]
    beyond = F.pad(frame(), (0, 1))
    torch.testing.assert_close(moved, (beyond[..., :-1] + beyond[..., 1:]) / 2)
    moved = warped(frame(), constant(0.5, -0.5, frames=2))[:, 1]
    beyond = F.pad(frame(), (0, 1, 1, 0))
    corners = beyond[:, :-1, :-1] + beyond[:, :-1, 1:] + beyond[:, 1:, :-1] + beyond[:, 1:, 1:]
    torch.testing.assert_close(moved, corners / 4)


def test_the_first_map_is_not_used():
    maps = torch.cat([torch.full((1, 2, H, W), 3.0), torch.zeros(T - 1, 2, H, W)])
    assert torch.equal(warped(frame(), maps), frame()[:, None].expand(C, T, H, W))


def test_each_step_is_grid_sample_with_zeros():
    generator = torch.Generator().manual_seed(1)
    maps = 4 * torch.randn(T, 2, H, W, generator=generator, dtype=torch.float64)
    noise = frame(dtype=torch.float64)
    moved = warped(noise, maps)
    rows, columns = torch.meshgrid(torch.arange(H), torch.arange(W), indexing='ij')
    for t in range(1, T):
        x = 2 * (columns + maps[t, 0]) / (W - 1) - 1
        y = 2 * (rows + maps[t, 1]) / (H - 1) - 1
        expected = F.grid_sample(
            moved[None, :, t - 1],
            torch.stack([x, y], dim=-1)[None],
            padding_mode='zeros',
            align_corners=True,
        )[0]
        torch.testing.assert_close(moved[:, t], expected, rtol=0, atol=1e-12)


def test_far_outside_there_is_zero():
    for far in (1.0, -1.0, 1e6, -1e6, 3e37):
        maps = constant(far * W, far * H, frames=2)
        assert (warped(frame(), maps)[:, 1] == 0).all()


def test_lookup_has_one_value_per_vector():
    vectors = torch.tensor([[0.0, 0.0], [1.5, -2.0], [-0.25, 0.75]])
    where = torch.arange(H * W).reshape(H, W) * 7 % 3
    backward = vectors[where].permute(2, 0, 1)
    found = lookup(frame(), backward)
    for channel in found:
        assert len(channel.unique()) == 3
    for vector in range(3):
        here = found[:, where == vector]
        assert torch.equal(here, here[:, :1].expand_as(here))


def test_lookup_has_one_value_per_vector_of_dense_motion_too():
    generator = torch.Generator().manual_seed(2)
    vectors = torch.randn(20, 2, generator=generator)
    where = torch.randint(0, 20, (31, 33), generator=generator)
    found = lookup(frame(31, 33), vectors[where].permute(2, 0, 1))
    assert all(len(channel.unique()) == len(where.unique()) for channel in found)


def test_lookup_reads_at_the_motion_less_its_least_value():
    backward = torch.zeros(2, H, W)
    backward[0, 2, 3], backward[1, 2, 3] = 4.0, 1.0
    backward[1, 0, 0] = -2.0
    found = lookup(frame(), backward)
    # The least value, -2, is that of one component; it is taken off both.
    assert torch.equal(found[:, 2, 3], frame()[:, 3, 6])
    assert torch.equal(found[:, 0, 0], frame()[:, 0, 2])
    assert torch.equal(found[:, 6, 8], frame()[:, 2, 2])


def test_accumulated_translation_is_t_times_one_step():
    found = accumulate(constant(1.25, -0.5))
    expected = torch.arange(T)[:, None, None, None] * constant(1.25, -0.5)
    assert torch.equal(found, expected)


def rotation(angle, size):
    """Backward motion (2, size, size) of a rotation round the centre."""
    place = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
    y, x = torch.meshgrid(place, place, indexing='ij')
    cos, sin = math.cos(angle), math.sin(angle)
    return torch.stack([cos * x - sin * y - x, sin * x + cos * y - y])


def test_accumulated_rotation_is_the_rotation_by_the_sum():
    size, angle = 31, 0.1
    found = accumulate(rotation(angle, size).expand(T, 2, size, size))
    place = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
    # Each step reads neighbours up to a pixel and a half further out.
    inside = place[:, None] ** 2 + place**2 <= 9**2
    for t in range(T):
        expected = rotation(t * angle, size)
        torch.testing.assert_close(found[t][:, inside], expected[:, inside], rtol=0, atol=1e-9)
    assert found[T - 1][:, inside].abs().max() > 3


def test_maps_compose_in_the_order_of_time():
    # Frame 2 is frame 1 moved by (1, 0); frame 1 is frame 0 moved by twice x.
    maps = torch.zeros(3, 2, 1, W)
    maps[1, 0] = torch.arange(W)
    maps[2, 0] = 1.0
    expected = 1 + (torch.arange(W) + 1.0).clamp(max=W - 1)
    assert torch.equal(accumulate(maps)[2, 0, 0], expected)


def matrices(*rows):
    return torch.tensor(rows).expand(T, 2, 3)


STILL = ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
SHIFT = ([1.0, 0.0, 2.0], [0.0, 1.0, -1.0])
MIRROR = ([-1.0, 0.0, 0.0], [0.0, 1.0, 0.0])


def test_identity_matrices_repeat_the_frame():
    found = affine_frames(frame(), chain(matrices(*STILL)))
    assert torch.equal(found, frame()[:, None].expand(C, T, H, W))


def test_a_chain_of_translations_is_a_growing_shift():
    found = affine_frames(frame(), chain(matrices(*SHIFT)))
    for t in range(T):
        assert torch.equal(found[:, t], shifted(frame(), 2 * (t + 1), -(t + 1))), t
    alone = affine_frames(frame(), matrices(*SHIFT))
    assert torch.equal(alone, shifted(frame(), 2, -1)[:, None].expand(C, T, H, W))


def test_matrices_act_round_the_centre():
    found = affine_frames(frame(), matrices(*MIRROR))
    assert torch.equal(found[:, 0], frame().flip(2))
    turned = affine_frames(frame(5, 5), matrices([0.0, -1.0, 0.0], [1.0, 0.0, 0.0]))
    # Right reads what is below: a quarter turn to the left, as rot90 counts.
    assert torch.equal(turned[:, 0], torch.rot90(frame(5, 5), 1, dims=(1, 2)))


def test_affine_frames_are_affine_grid_on_a_square_frame():
    generator = torch.Generator().manual_seed(3)
    theta = torch.randn(T, 2, 3, generator=generator, dtype=torch.float64)
    noise = frame(8, 8, dtype=torch.float64)
    pixels = theta.clone()
    pixels[:, :, 2] *= 3.5
    grid = F.affine_grid(theta, [T, C, 8, 8], align_corners=True)
    expected = F.grid_sample(noise.expand(T, C, 8, 8), grid, align_corners=True)
    found = affine_frames(noise, pixels).transpose(0, 1)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    assert expected.abs().max() > 0.5


def test_a_chain_applies_the_last_map_first():
    steps = torch.tensor([STILL, SHIFT, MIRROR])
    found = chain(steps)[2]
    assert torch.equal(found, torch.tensor([[-1.0, 0.0, 2.0], [0.0, 1.0, -1.0]]))


BAD = [
    (warped, (torch.zeros(C, H, W), torch.zeros(T, 2, W, H)), 'image must be an image'),
    (warped, (torch.zeros(1, C, H, W), torch.zeros(T, 2, H, W)), 'image must be an image'),
    (warped, (torch.zeros(C, H, W), torch.zeros(0, 2, H, W)), 'maps must be motion'),
    (lookup, (torch.zeros(C, H, W), torch.zeros(T, 2, H, W)), 'backward must be motion'),
    (accumulate, (torch.zeros(T, 3, H, W),), 'maps must be motion'),
    (affine_frames, (torch.zeros(C, H, W), torch.zeros(T, 3, 3)), 'matrices must be affine'),
    (affine_frames, (torch.zeros(1, C, H, W), torch.zeros(T, 2, 3)), 'noise must be a frame'),
    (chain, (torch.zeros(2, 3),), 'matrices must be affine'),
]


@pytest.mark.parametrize(('function', 'arguments', 'message'), BAD)
def test_shapes_that_do_not_fit_are_named(function, arguments, message):
    with pytest.raises(ValueError, match=message):
        function(*arguments)


def test_frames_of_one_pixel():
    noise, maps = frame(1, 1), constant(0.0, 0.25, frames=2, height=1, width=1)
    torch.testing.assert_close(warped(noise, maps)[:, 1], 0.75 * noise)


def moving(frames, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return 2 * torch.randn(frames, 2, H, W, generator=generator)


def test_views_are_chained_apart():
    maps = moving(7)
    moved, whole = warped(frame(), maps, (0, 3, 5)), accumulate(maps, (0, 3, 5))
    for start, stop in ((0, 3), (3, 5), (5, 7)):
        assert torch.equal(moved[:, start:stop], warped(frame(), maps[start:stop]))
        assert torch.equal(moved[:, start], frame())
        assert torch.equal(whole[start:stop], accumulate(maps[start:stop]))
        assert (whole[start] == 0).all()


def test_transforms_are_chained_apart():
    steps = torch.randn(7, 2, 3, generator=torch.Generator().manual_seed(1))
    found = chain(steps, (0, 3, 5))
    for start, stop in ((0, 3), (3, 5), (5, 7)):
        assert torch.equal(found[start:stop], chain(steps[start:stop]))
