"""Ways onto hyperplanes inside a box: by bisection, by cvx-like optimality, at the box's end."""

import numpy as np
import pytest
import torch

from mmrobust.functional.hyperplane import way_onto

BOX = (0.0, 255.0)


def _scene(seed=0, shape=(4, 3, 40)):
    generator = torch.Generator().manual_seed(seed)
    normal = torch.randn(shape, generator=generator).double()
    points = (255 * torch.rand(shape, generator=generator)).double()
    points[:, 0, :9] = 255
    points[:, 1, :9] = 0
    normal[:, 2, :5] = 0
    return normal, points


def _plain(normal, gain, point, norm):
    """One sample in numpy: by bisection along the one parameter that each solution has."""
    sign = np.sign(normal) * np.sign(gain)
    room = np.where(sign > 0, 255 - point, point) * (sign != 0)
    size, gain = np.abs(normal), abs(gain)
    if norm == 'l1':
        taken = np.zeros_like(size)
        for place in np.argsort(-size, kind='stable'):
            left = gain - (size * taken).sum()
            if size[place] > 0 and left > 0:
                taken[place] = min(room[place], left / size[place])
        return sign * taken
    shape = size if norm == 'l2' else (size > 0).astype(float)
    low, high = 0.0, 1e9
    for _ in range(300):
        middle = (low + high) / 2
        short = (size * np.minimum(middle * shape, room)).sum() < gain
        low, high = (middle, high) if short else (low, middle)
    return sign * np.minimum(high * shape, room)


@pytest.mark.parametrize('norm', ['l1', 'l2', 'linf'])
@pytest.mark.parametrize('gain', [0.0, 1e-3, -3.0, 700.0, -9000.0, 1e6])
def test_the_way_is_what_bisection_finds(norm, gain):
    normal, points = _scene()
    gains = gain * torch.tensor([1.0, 0.5, -1.0, 2.0]).double()
    found = way_onto(normal, gains, points, BOX, norm)
    for row in range(4):
        flat = (normal[row].flatten().numpy(), float(gains[row]), points[row].flatten().numpy())
        expected = _plain(*flat, norm)
        np.testing.assert_allclose(found[row].flatten(), expected, atol=1e-6)
    there = points + found
    assert -1e-9 <= float(there.min()) <= float(there.max()) <= 255 + 1e-9


@pytest.mark.parametrize(
    ('norm', 'order', 'dual'), [('l1', 1, np.inf), ('l2', 2, 2), ('linf', np.inf, 1)]
)
def test_without_a_box_it_is_as_long_as_the_dual_norm_says(norm, order, dual):
    normal, points = _scene()
    gains = torch.tensor([3.0, -40.0, 0.0, 1e4]).double()
    found = way_onto(normal, gains, points, (-torch.inf, torch.inf), norm)
    torch.testing.assert_close((found * normal).flatten(1).sum(dim=1), gains)
    for row in range(4):
        size = np.linalg.norm(found[row].flatten(), ord=order)
        assert size == pytest.approx(
            abs(float(gains[row])) / np.linalg.norm(normal[row].flatten(), ord=dual)
        )


def test_no_normal_no_way():
    _, points = _scene()
    for norm in ('l1', 'l2', 'linf'):
        found = way_onto(torch.zeros_like(points), torch.ones(4).double(), points, BOX, norm)
        assert torch.equal(found, torch.zeros_like(points))
