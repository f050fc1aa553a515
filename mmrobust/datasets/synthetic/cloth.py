"""Procedural cloth, skin and hair: small colour tiles that repeat.

Shapes: S texels along a part, R texels round it. RGB values in 0..255.
"""

import numpy as np

from mmrobust.datasets.synthetic.colours import colour, rgb
from mmrobust.datasets.synthetic.noise import Array, fractal_noise, soft_step

TEXELS_PER_PIXEL = 2
TILE = 64
SKIN = ((244, 208, 177), (224, 172, 138), (198, 134, 94), (141, 92, 60), (92, 58, 40))
HAIR = ((30, 24, 22), (70, 46, 30), (120, 82, 48), (190, 154, 96), (96, 92, 90))
EDGE = 0.35


def _stripes(phase: Array) -> Array:
    return soft_step(np.sin(phase), EDGE * 4)


def pattern(rng: np.random.Generator) -> Array:
    """A repeating two-colour weave in 0..1, float32 (TILE, TILE)."""
    along, across = np.meshgrid(
        np.arange(TILE, dtype=np.float32), np.arange(TILE, dtype=np.float32), indexing='ij'
    )
    turns = float(rng.integers(4, 9))
    step = np.float32(2 * np.pi * turns / TILE)
    kind = rng.integers(6)
    if kind == 0:
        return np.zeros((TILE, TILE), np.float32)
    if kind == 1:
        return _stripes(along * step)
    if kind == 2:
        return _stripes(across * step)
    if kind == 3:
        return 0.5 * (_stripes(along * step) + _stripes(across * step))
    if kind == 4:
        return soft_step(np.sin(along * step) * np.sin(across * step) - 0.3, EDGE * 2)
    return soft_step(fractal_noise(rng, (TILE, TILE), 1.6), 0.6)


def cloth(rng: np.random.Generator) -> Array:
    """A garment: two colours in a pattern, with weave and folds; float32 (TILE, TILE, 3)."""
    base, second = colour(rng), colour(rng)
    mix = (rng.uniform(0.4, 1.0) * pattern(rng))[..., None]
    folds = 9.0 * fractal_noise(rng, (TILE, TILE), 1.1)[..., None]
    return np.clip(base * (1 - mix) + second * mix + folds, 0, 255).astype(np.float32)


def skin(tone: Array, rng: np.random.Generator) -> Array:
    """Bare skin of one tone, slightly uneven; float32 (TILE, TILE, 3)."""
    uneven = 5.0 * fractal_noise(rng, (TILE, TILE), 0.8)[..., None]
    return np.clip(tone + uneven, 0, 255).astype(np.float32)


def head(rng: np.random.Generator, tone: Array, length: float, girth: float) -> Array:
    """The surface of a head unrolled: hair all round, a face in the middle.

    Args:
        rng: Source of randomness.
        tone: Skin colour (3,).
        length: Height of the head in pixels (chin at 0, crown at ``length``).
        girth: Circumference in pixels; the tile repeats with this period.

    Returns:
        float32 (S, R, 3).
    """
    rows, columns = (max(8, round(TEXELS_PER_PIXEL * x)) for x in (length * 1.25, girth))
    u = (np.arange(rows, dtype=np.float32)[:, None] + 0.5) / (rows * 0.8)
    # -1..1 round the head; the middle of the face is at column 0.
    v = (2 * np.arange(columns, dtype=np.float32)[None] / columns + 1) % 2 - 1
    hair = rgb(*HAIR[rng.integers(len(HAIR))]) + np.zeros((rows, columns, 1), np.float32)
    hair = hair + 10.0 * fractal_noise(rng, (rows, columns), 0.7)[..., None]
    inside = soft_step(0.34 - np.abs(v), 0.08) * soft_step(rng.uniform(0.62, 0.78) - u, 0.1)
    image = hair * (1 - inside[..., None]) + tone * inside[..., None]
    for centre, height, wide, tall, dark in (
        (-0.13, 0.55, 0.05, 0.05, 0.25),
        (0.13, 0.55, 0.05, 0.05, 0.25),
        (0.0, 0.22, 0.1, 0.03, 0.55),
    ):
        spot = np.exp(-(((v - centre) / wide) ** 2) - ((u - height) / tall) ** 2)[..., None]
        image = image * (1 - (1 - dark) * spot)
    return np.clip(image, 0, 255).astype(np.float32)
