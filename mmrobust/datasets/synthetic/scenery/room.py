"""A room: papered wall, skirting board, floor, furniture along the wall."""

import numpy as np

from mmrobust.datasets.synthetic.colours import paint
from mmrobust.datasets.synthetic.noise import Array, soft_step
from mmrobust.datasets.synthetic.scenery import ground


def room(rng: np.random.Generator, shape: tuple[int, int], horizon: float) -> Array:
    """A random room, float32 (H, W, 3)."""
    y, x = ground.pixels(shape)
    image = _wall(rng, shape)
    for _ in range(int(rng.integers(1, 4))):
        image = _picture(rng, image, horizon)
    image = _furniture(rng, image, horizon)
    board = ground.box(shape, (horizon - 4, -2, horizon + 1, shape[1] + 2))
    image = ground.blend(image, paint(rng, 120, 235), board)
    floor = _floor(rng, shape, horizon)
    image = ground.blend(image, floor, (soft_step(y - horizon) + 0 * x)[..., None])
    return image * ground.light(rng, shape)


def _wall(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    _, x = ground.pixels(shape)
    wall = paint(rng, 90, 225) + ground.grain(rng, shape, rng.uniform(4, 10))
    if rng.random() < 0.5:
        stripe = soft_step(np.sin(x * np.float32(2 * np.pi / rng.uniform(8, 22))), 1.5)
        wall = wall + np.float32(rng.uniform(-28, 28)) * stripe[..., None]
    return wall


def _floor(rng: np.random.Generator, shape: tuple[int, int], horizon: float) -> Array:
    sideways, away, fade = ground.plane(shape, horizon, rng)
    floor = paint(rng, 70, 190) + ground.grain(rng, shape, 9)
    gaps = np.maximum(ground.joints(sideways * 2), ground.joints(away * rng.uniform(1.5, 3)))
    checks = soft_step(np.sin(np.pi * 2 * sideways) * np.sin(np.pi * 2 * away), 0.6) - 0.5
    mix = rng.random()
    pattern = fade * (-45 * gaps * (1 - mix) + 60 * checks * mix)
    return floor + pattern[..., None]


def _picture(rng: np.random.Generator, image: Array, horizon: float) -> Array:
    """A picture or a window on the wall."""
    shape = image.shape[0], image.shape[1]
    tall, wide = rng.uniform(14, 30), rng.uniform(14, 34)
    top = rng.uniform(2, max(3.0, horizon - tall - 16))
    left = rng.uniform(-wide / 3, shape[1] - wide * 0.6)
    inner = (top + 2, left + 2, top + tall - 2, left + wide - 2)
    image = ground.blend(
        image, paint(rng, 30, 220), ground.box(shape, (top, left, top + tall, left + wide))
    )
    content = paint(rng, 120, 235) + ground.grain(rng, shape, rng.uniform(8, 35), 1.4)
    return ground.blend(image, content, ground.box(shape, inner))


def _furniture(rng: np.random.Generator, image: Array, horizon: float) -> Array:
    """A cupboard or a shelf that stands on the floor."""
    shape = image.shape[0], image.shape[1]
    tall, wide = rng.uniform(18, 48), rng.uniform(14, 32)
    left = rng.uniform(-wide / 2, shape[1] - wide / 2)
    bottom = horizon + rng.uniform(1, 5)
    body = paint(rng, 40, 170)
    wood = body + ground.grain(rng, shape, 8, 1.3)
    image = ground.blend(image, wood, ground.box(shape, (bottom - tall, left, bottom, left + wide)))
    rows = int(rng.integers(2, 5))
    for row in range(rows):
        top = bottom - tall + 2 + row * (tall - 3) / rows
        shelf = (top, left + 2, top + (tall - 3) / rows - 2, left + wide - 2)
        inside = body * rng.uniform(0.5, 1.3) + ground.grain(rng, shape, 14, 0.8)
        image = ground.blend(image, inside, ground.box(shape, shelf))
    return image
