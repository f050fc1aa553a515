"""Clips and short cuts for the tests of corruptions."""

from typing import Any

import numpy as np

from mmrobust.corruptions import Clip, Corruption, Draws


def draws(kind: Corruption, seed: int = 0) -> Draws:
    return Draws(seed, kind.name, 0)


def corrupted(kind: Corruption, frames: Any, severity: int, seed: int = 0) -> np.ndarray:
    return kind(Clip(np.asarray(frames, np.uint8)), severity, draws(kind, seed))


def flat(*colour: int, size: tuple[int, int] = (40, 50), frames: int = 2) -> np.ndarray:
    """One colour, or one grey level, everywhere."""
    return np.full((frames, *size, 3), colour, np.uint8)


def scene(frames: int = 1, size: tuple[int, int] = (48, 64)) -> np.ndarray:
    """Patches and waves in colour: edges, textures and flat parts."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[0 : size[0], 0 : size[1]]
    found = np.stack([90 + 50 * np.sin(rows / 5 + k) + 30 * np.cos(columns / 9) for k in range(3)])
    found = found.transpose(1, 2, 0)
    for _ in range(12):
        top, left = rng.integers(0, size[0] - 8), rng.integers(0, size[1] - 8)
        found[top : top + 8, left : left + 8] = rng.integers(20, 236, 3)
    found = found + rng.normal(0, 4, found.shape)
    return np.repeat(np.clip(found, 0, 255).astype(np.uint8)[None], frames, 0)


def block(x: int, y: int, size: tuple[int, int] = (96, 120), frames: int = 1) -> np.ndarray:
    """A bright square of 5 x 5 about a point, black elsewhere."""
    found = np.zeros((frames, *size, 3), np.uint8)
    found[:, y - 2 : y + 3, x - 2 : x + 3] = 255
    return found


def centroid(frame: np.ndarray) -> np.ndarray:
    """x and y of the mean of the light."""
    light = frame.astype(float).sum(axis=-1)
    rows, columns = np.indices(light.shape)
    return np.array([(columns * light).sum(), (rows * light).sum()]) / light.sum()
