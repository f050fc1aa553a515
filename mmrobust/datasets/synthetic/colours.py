"""Random colours, RGB in 0..255."""

import numpy as np

from mmrobust.datasets.synthetic.noise import Array


def rgb(red: float, green: float, blue: float) -> Array:
    """A colour as float32 (3,)."""
    return np.array([red, green, blue], np.float32)


def colour(
    rng: np.random.Generator, low: float = 25.0, high: float = 235.0, vivid: float = 90.0
) -> Array:
    """A random colour, float32 (3,).

    Args:
        rng: Source of randomness.
        low: Least mean grey level.
        high: Largest mean grey level.
        vivid: Largest distance of a channel from the mean.
    """
    grey = rng.uniform(low, high)
    tint = rng.uniform(-1.0, 1.0, 3)
    strength = rng.uniform(0.15, 1.0) * vivid
    return np.clip(grey + strength * tint, 10.0, 245.0).astype(np.float32)


def paint(rng: np.random.Generator, low: float, high: float) -> Array:
    """A muted colour of walls and floors, float32 (3,)."""
    return colour(rng, low, high, vivid=32.0)


def tint(rng: np.random.Generator, low: float, high: float) -> Array:
    """A random shift of each channel, float32 (3,)."""
    return rng.uniform(low, high, 3).astype(np.float32)
