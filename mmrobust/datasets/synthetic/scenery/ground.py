"""What all scenes share: a plane in perspective, boxes, light.

Shapes: H, W pixels; RGB values in 0..255.
"""

import numpy as np

from mmrobust.datasets.synthetic.noise import Array, fractal_noise, soft_step

Box = tuple[float, float, float, float]


def pixels(shape: tuple[int, int]) -> tuple[Array, Array]:
    """Row and column of every pixel, float32 (H, 1) and (1, W)."""
    y = np.arange(shape[0], dtype=np.float32)[:, None]
    return y, np.arange(shape[1], dtype=np.float32)[None]


def plane(
    shape: tuple[int, int], horizon: float, rng: np.random.Generator
) -> tuple[Array, Array, Array]:
    """Ground coordinates of the pixels under the horizon.

    Returns:
        Sideways position and distance on the ground (H, W), in units that suit
        a tile of size 1, and a fade (H, 1) that is 0 where tiles would alias.
    """
    y, x = pixels(shape)
    below = np.maximum(y - horizon, 0.5) + 6
    sideways = (x - shape[1] * rng.uniform(0.3, 0.7)) / below * 1.2
    away = 45.0 / below * np.ones_like(x)
    return sideways, away, np.clip((below - 8) / 20, 0, 1)


def joints(coordinate: Array, width: float = 0.07) -> Array:
    """1 on the gaps between tiles of size 1, 0 on the tiles."""
    near = np.abs(coordinate - np.round(coordinate))
    return soft_step(width - near, width)


def box(shape: tuple[int, int], where: Box) -> Array:
    """Coverage (H, W, 1) of an axis-parallel box (top, left, bottom, right)."""
    y, x = pixels(shape)
    top, left, bottom, right = where
    rows = soft_step(y - top) * soft_step(bottom - y)
    return (rows * soft_step(x - left) * soft_step(right - x))[..., None]


def blend(image: Array, colour: Array, alpha: Array) -> Array:
    """``colour`` over ``image`` with coverage ``alpha`` (H, W, 1); only where it covers."""
    shape = alpha.shape[0], alpha.shape[1], 3
    image = np.array(np.broadcast_to(image, shape))
    covered = alpha[..., 0] > 0
    rows, columns = np.flatnonzero(covered.any(1)), np.flatnonzero(covered.any(0))
    if rows.size:
        window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        share = alpha[window]
        image[window] = image[window] * (1 - share) + np.broadcast_to(colour, shape)[window] * share
    return image


def grain(
    rng: np.random.Generator, shape: tuple[int, int], strength: float, decay: float = 1.0
) -> Array:
    """Fine structure (H, W, 1) to add to a surface, in grey levels."""
    return np.float32(strength) * fractal_noise(rng, shape, decay)[..., None]


def light(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """A lamp or the sun from one side: factors (H, W, 1) about 1."""
    y, x = pixels(shape)
    cy, cx = rng.uniform(-0.3, 0.5) * shape[0], rng.uniform(-0.2, 1.2) * shape[1]
    far = ((y - cy) ** 2 + (x - cx) ** 2) / float(shape[1]) ** 2
    return (0.72 + 0.5 / (1 + 2.0 * far))[..., None].astype(np.float32)
