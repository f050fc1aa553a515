"""A street: a facade with windows, a pavement, posts."""

import numpy as np

from mmrobust.datasets.synthetic.colours import paint
from mmrobust.datasets.synthetic.noise import Array, soft_step
from mmrobust.datasets.synthetic.scenery import ground


def street(rng: np.random.Generator, shape: tuple[int, int], horizon: float) -> Array:
    """A random street, float32 (H, W, 3)."""
    y, x = ground.pixels(shape)
    image = _windows(rng, _facade(rng, shape), horizon)
    for _ in range(int(rng.integers(0, 3))):
        image = _post(rng, image, horizon)
    near = (soft_step(y - horizon) + 0 * x)[..., None]
    image = ground.blend(image, _pavement(rng, shape, horizon), near)
    return image * ground.light(rng, shape)


def _facade(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Bricks or plaster."""
    y, x = ground.pixels(shape)
    wall = paint(rng, 80, 200) + ground.grain(rng, shape, 7)
    if rng.random() < 0.6:
        course = rng.uniform(3.5, 6)
        row = y / course
        shifted = x / (2.2 * course) + 0.5 * (np.floor(row) % 2)
        mortar = np.maximum(ground.joints(row, 0.16), ground.joints(shifted, 0.08))
        wall = wall + np.float32(rng.uniform(-35, 35)) * mortar[..., None]
    return wall


def _windows(rng: np.random.Generator, image: Array, horizon: float) -> Array:
    shape = image.shape[0], image.shape[1]
    wide, tall = rng.uniform(11, 20), rng.uniform(14, 26)
    gap = wide * rng.uniform(0.5, 1.2)
    frame, glass = paint(rng, 130, 240), paint(rng, 30, 120)
    reflection = glass + ground.grain(rng, shape, 18, 1.5)
    left, top = rng.uniform(-wide, 0), rng.uniform(-tall / 2, 10)
    while left < shape[1]:
        row = top
        while row + tall < horizon - 8:
            outer = (row, left, row + tall, left + wide)
            inner = (row + 1.5, left + 1.5, row + tall - 1.5, left + wide - 1.5)
            image = ground.blend(image, frame, ground.box(shape, outer))
            image = ground.blend(image, reflection, ground.box(shape, inner))
            row += tall * 1.5
        left += wide + gap
    return image


def _pavement(rng: np.random.Generator, shape: tuple[int, int], horizon: float) -> Array:
    sideways, away, fade = ground.plane(shape, horizon, rng)
    stone = paint(rng, 90, 170) * 0.3 + 0.7 * np.float32(rng.uniform(90, 170))
    gaps = np.maximum(ground.joints(sideways * 2), ground.joints(away * 2.4))
    return stone + ground.grain(rng, shape, 9, 0.7) - 40 * (fade * gaps)[..., None]


def _post(rng: np.random.Generator, image: Array, horizon: float) -> Array:
    shape = image.shape[0], image.shape[1]
    middle, half = rng.uniform(0, shape[1]), rng.uniform(0.8, 2.5)
    where = (horizon - rng.uniform(25, 80), middle - half, horizon + 4, middle + half)
    metal = paint(rng, 20, 200) + ground.grain(rng, shape, 6)
    return ground.blend(image, metal, ground.box(shape, where))
