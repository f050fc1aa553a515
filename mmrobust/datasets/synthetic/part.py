"""A rigid, textured piece of a body: where it is, how it looks.

Shapes: T frames, P pixels of a square patch, S x R texels. Image axes: x to
the right, y down, the centre of the top left pixel at (0, 0).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrobust.datasets.synthetic.cloth import TEXELS_PER_PIXEL
from mmrobust.datasets.synthetic.noise import Array, soft_step
from mmrobust.datasets.synthetic.skeleton import Floats

# A limb that points at the camera keeps this share of its length in texture.
LEAST_SCALE = 0.3


@dataclass(frozen=True)
class Part:
    """A tapered, rounded bar from ``start`` to ``end``.

    Attributes:
        start: One end, pixels (T, 2) as (x, y).
        end: The other end, pixels (T, 2).
        depth: Distance from the camera (T,); the larger is painted first.
        length: True length in pixels; ``end - start`` is shorter when foreshortened.
        near: Half width at the start (T,), pixels.
        far: Half width at the end (T,), pixels.
        corner: Radius of the corners (T,), pixels.
        overhang: How far the bar reaches beyond both ends, pixels.
        tile: Texture (S, R, 3), RGB in 0..255, repeated without end.
        slide: Displacement of the texture across the bar (T,), pixels: a turning trunk.
    """

    start: Floats
    end: Floats
    depth: Floats
    length: float
    near: Floats
    far: Floats
    corner: Floats
    overhang: float
    tile: Array
    slide: Floats

    @property
    def axes(self) -> tuple[Floats, Floats, Floats]:
        """Unit vectors along and across (T, 2), and the projected length (T,)."""
        span = self.end - self.start
        reach = np.sqrt(span[:, 0] ** 2 + span[:, 1] ** 2)
        along = np.where(reach[:, None] > 1e-6, span / np.maximum(reach, 1e-6)[:, None], [0, 1])
        across = np.stack([-along[:, 1], along[:, 0]], -1)
        return along, across, reach

    @property
    def scale(self) -> Floats:
        """Foreshortening of the texture along the bar (T,)."""
        return np.maximum(self.axes[2] / self.length, LEAST_SCALE)

    def affine(self) -> Floats:
        """Matrices (T, 2, 3) from texture pixels (along, across, 1) to image pixels."""
        along, across, _ = self.axes
        origin = self.start + across * self.slide[:, None]
        return np.stack([along * self.scale[:, None], across, origin], -1)


@dataclass(frozen=True)
class Patch:
    """A part drawn into one square per frame.

    Attributes:
        colour: RGB 0..255, float32 (T, P, P, 3).
        alpha: Coverage 0..1, float32 (T, P, P).
        corner: Image position of the top left pixel, int (T, 2) as (x, y).
        covered: For each frame the rows [first, last) and columns [first, last) with any
            coverage, as four numbers.
    """

    colour: Array
    alpha: Array
    corner: NDArray[np.int64]
    covered: list[list[int]]


def draw(part: Part, light: tuple[float, float]) -> Patch:
    """Draw a part with anti-aliased edges.

    Args:
        part: What to draw.
        light: Direction (x, y) the light comes from, at most unit length.
    """
    along, across, reach = part.axes
    widest = max(float(part.near.max()), float(part.far.max()))
    size = int(np.ceil(np.hypot(reach.max() + 2 * part.overhang, 2 * widest))) + 4
    corner = np.floor((part.start + part.end) / 2 - size / 2).astype(np.int64)
    grid = np.arange(size, dtype=np.float32)
    dx = grid[None, None, :] + _column(corner[:, 0] - part.start[:, 0])
    dy = grid[None, :, None] + _column(corner[:, 1] - part.start[:, 1])
    u = dx * _column(along[:, 0]) + dy * _column(along[:, 1])
    v = dx * _column(across[:, 0]) + dy * _column(across[:, 1])
    half = _half_width(part, u, reach)
    alpha = soft_step(-_distance(part, u, v, half, reach))
    facing = light[0] * across[:, 0] + light[1] * across[:, 1]
    texture = u / _column(part.scale), v - _column(part.slide), _shade(v / half, facing)
    inside = alpha > 0
    colour = np.zeros((*alpha.shape, 3), np.float32)
    u, v, shade = (values[inside] for values in texture)
    colour[inside] = sample(part.tile, u, v) * shade[:, None]
    return Patch(colour, alpha, corner, _bounds(inside))


def _bounds(inside: NDArray[np.bool_]) -> list[list[int]]:
    size = inside.shape[1]
    edges = []
    for axis in (2, 1):
        line = inside.any(axis)
        edges += [line.argmax(1), np.where(line.any(1), size - line[:, ::-1].argmax(1), 0)]
    return [[int(edge) for edge in frame] for frame in np.stack(edges, 1)]


def _column(values: NDArray[Any]) -> Array:
    return values.astype(np.float32)[:, None, None]


def _half_width(part: Part, u: Array, reach: Floats) -> Array:
    place = np.clip(u / _column(np.maximum(reach, 1e-3)), 0, 1)
    near, far = _column(part.near), _column(part.far)
    return near + (far - near) * place


def _distance(part: Part, u: Array, v: Array, half: Array, reach: Floats) -> Array:
    """Signed distance to the outline, negative inside, pixels."""
    corner = np.minimum(_column(part.corner), half)
    middle = _column(reach / 2)
    du = np.abs(u - middle) - (middle + np.float32(part.overhang)) + corner
    dv = np.abs(v) - half + corner
    outside = np.sqrt(np.maximum(du, 0) ** 2 + np.maximum(dv, 0) ** 2)
    return outside + np.minimum(np.maximum(du, dv), 0) - corner


def _shade(side: Array, facing: Floats) -> Array:
    """Brightness of a round limb: darker towards both edges, lighter towards the light."""
    side = np.clip(side, -1, 1)
    return np.float32(1.02) - np.float32(0.22) * side * side + _column(0.12 * facing) * side


def sample(tile: Array, u: Array, v: Array) -> Array:
    """Bilinear look-up in a repeating tile; ``u``, ``v`` in pixels."""
    rows, columns = tile.shape[:2]
    u, v = u * TEXELS_PER_PIXEL, v * TEXELS_PER_PIXEL
    top, left = np.floor(u), np.floor(v)
    fu, fv = (u - top)[..., None], (v - left)[..., None]
    r0, c0 = top.astype(np.int64) % rows, left.astype(np.int64) % columns
    r1, c1 = (r0 + 1) % rows, (c0 + 1) % columns
    texels = tile.reshape(rows * columns, -1)
    upper = texels[r0 * columns + c0] * (1 - fv) + texels[r0 * columns + c1] * fv
    lower = texels[r1 * columns + c0] * (1 - fv) + texels[r1 * columns + c1] * fv
    return upper * (1 - fu) + lower * fu
