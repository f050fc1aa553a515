"""Backgrounds that resemble places: a room, open land, a street."""

from collections.abc import Callable

import numpy as np

from mmrobust.datasets.synthetic.noise import Array
from mmrobust.datasets.synthetic.scenery.land import land
from mmrobust.datasets.synthetic.scenery.room import room
from mmrobust.datasets.synthetic.scenery.street import street

SCENES: tuple[Callable[[np.random.Generator, tuple[int, int], float], Array], ...] = (
    room,
    land,
    street,
)


def scenery(
    rng: np.random.Generator, shape: tuple[int, int], horizon: float, kind: int | None = None
) -> Array:
    """A random background.

    Args:
        rng: Source of randomness.
        shape: (H, W) pixels.
        horizon: Row where the ground begins.
        kind: Index into ``SCENES``; None leaves it to chance.

    Returns:
        float32 (H, W, 3), RGB in 0..255.
    """
    drawn = int(rng.integers(len(SCENES)))
    scene = SCENES[drawn if kind is None else kind]
    return np.clip(scene(rng, shape, horizon), 0, 255).astype(np.float32)


__all__ = ['SCENES', 'scenery']
