"""Open land: sky with clouds, ridges, trees, a meadow."""

import numpy as np

from mmrobust.datasets.synthetic.colours import rgb, tint
from mmrobust.datasets.synthetic.noise import Array, fractal_noise, ridge, soft_step
from mmrobust.datasets.synthetic.scenery import ground


def land(rng: np.random.Generator, shape: tuple[int, int], horizon: float) -> Array:
    """A random landscape, float32 (H, W, 3)."""
    y, x = ground.pixels(shape)
    image = _sky(rng, shape, horizon)
    for layer in range(int(rng.integers(1, 4))):
        image = _hills(rng, image, horizon, layer)
    near = (soft_step(y - horizon) + 0 * x)[..., None]
    image = ground.blend(image, _meadow(rng, shape, horizon), near)
    for _ in range(int(rng.integers(1, 5))):
        image = _tree(rng, image, horizon)
    return image * ground.light(rng, shape)


def _sky(rng: np.random.Generator, shape: tuple[int, int], horizon: float) -> Array:
    y, _ = ground.pixels(shape)
    high = rgb(90, 140, 205) + tint(rng, -40, 40)
    low = rgb(200, 215, 230) + tint(rng, -25, 20)
    place = np.clip(y / max(horizon, 1.0), 0, 1)[..., None]
    clouds = soft_step(fractal_noise(rng, shape, 1.6) - rng.uniform(-0.2, 1.2), 2.0)[..., None]
    return ground.blend(high * (1 - place) + low * place, rgb(240, 240, 242), 0.8 * clouds)


def _hills(rng: np.random.Generator, image: Array, horizon: float, layer: int) -> Array:
    shape = image.shape[0], image.shape[1]
    y, _ = ground.pixels(shape)
    line = horizon - (26 - 9 * layer) * rng.uniform(0.5, 1.2) - 5 * ridge(rng, shape[1])
    haze = rgb(165, 185, 200)
    green = rgb(70, 105, 60) + tint(rng, -30, 30)
    share = 0.75 - 0.25 * layer
    tone = haze * share + green * (1 - share) + ground.grain(rng, shape, 7, 0.8)
    return ground.blend(image, tone, soft_step(y - line[None], 1.5)[..., None])


def _meadow(rng: np.random.Generator, shape: tuple[int, int], horizon: float) -> Array:
    sideways, away, fade = ground.plane(shape, horizon, rng)
    season = ((96, 128, 62), (150, 138, 80), (190, 170, 120), (110, 105, 98))
    tone = rgb(*season[rng.integers(4)]) + tint(rng, -18, 18)
    blades = ground.grain(rng, shape, 15, 0.7)
    patches = fractal_noise(rng, (64, 64), 1.3)
    rows = (away * 24).astype(np.int64) % 64
    columns = np.floor(sideways * 12).astype(np.int64) % 64
    return tone + blades + 10 * (fade * patches[rows, columns])[..., None]


def _tree(rng: np.random.Generator, image: Array, horizon: float) -> Array:
    shape = image.shape[0], image.shape[1]
    y, x = ground.pixels(shape)
    base = horizon + rng.uniform(0, 6)
    size = rng.uniform(7, 20)
    middle, top = rng.uniform(0, shape[1]), base - size * rng.uniform(1.6, 2.6)
    bark = rgb(84, 64, 48) * rng.uniform(0.7, 1.2)
    trunk = (top, middle - size / 10 - 0.6, base, middle + size / 10 + 0.6)
    image = ground.blend(image, bark + ground.grain(rng, shape, 8), ground.box(shape, trunk))
    bumps = 0.25 * fractal_noise(rng, shape, 1.0)
    far = np.sqrt((x - middle) ** 2 + ((y - top) / rng.uniform(0.8, 1.4)) ** 2) / size
    leaves = rgb(52, 92, 46) + tint(rng, -25, 35)
    leaves = leaves + ground.grain(rng, shape, 20, 0.6) - 12 * (y - top)[..., None] / size
    return ground.blend(image, leaves, soft_step((1 - far + bumps) * size, 2.0)[..., None])
