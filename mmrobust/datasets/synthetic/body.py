"""A dressed body: the parts that a pose turns into.

Shapes: T frames. Widths are fractions of the standing height.
"""

from dataclasses import dataclass

import numpy as np

from mmrobust.datasets.synthetic import cloth
from mmrobust.datasets.synthetic.cloth import TEXELS_PER_PIXEL
from mmrobust.datasets.synthetic.colours import colour, rgb
from mmrobust.datasets.synthetic.noise import Array
from mmrobust.datasets.synthetic.part import Part
from mmrobust.datasets.synthetic.skeleton import FOOT, HAND, LENGTH, SIDES, Floats, Joints

HEAD_RADIUS, CHEST_DEPTH = 0.05, 0.058


@dataclass(frozen=True)
class Cut:
    """How a part is cut, in fractions of the standing height.

    Attributes:
        garment: Name of its texture in ``Person.tiles``.
        length: True length.
        near: Half width at the start.
        far: Half width at the end.
        nearer: How much it is nearer to the camera than its joints.
        square: Radius of the corners and overhang; a limb has round ends instead.
    """

    garment: str
    length: float
    near: float
    far: float
    nearer: float
    square: tuple[float, float] | None = None


HIPS = Cut('trousers', 0.28 * LENGTH['torso'], 0.076, 0.07, -0.005, (0.03, 0.012))
TORSO = Cut('shirt', LENGTH['torso'], 0.075, 0.1, 0.0, (0.03, 0.012))
NECK = Cut('skin', 0.04, 0.027, 0.026, 0.004)
HEAD = Cut('head', 0.13, HEAD_RADIUS * 0.85, HEAD_RADIUS * 1.05, 0.012, (0.05, 0.012))
# Part -> (from joint, to joint, cut).
LIMBS = {
    'thigh': ('hip', 'knee', Cut('trousers', LENGTH['thigh'], 0.05, 0.037, 0.01)),
    'shin': ('knee', 'ankle', Cut('leg', LENGTH['shin'], 0.036, 0.024, 0.005)),
    'foot': ('ankle', 'toe', Cut('shoe', FOOT, 0.026, 0.02, 0.02)),
    'upper_arm': ('shoulder', 'elbow', Cut('shirt', LENGTH['upper_arm'], 0.031, 0.026, 0.03)),
    'forearm': ('elbow', 'wrist', Cut('sleeve', LENGTH['forearm'], 0.025, 0.019, 0.035)),
    'hand': ('wrist', 'tip', Cut('skin', HAND, 0.022, 0.022, 0.04)),
}
PARTS = ('hips', 'torso', 'neck', 'head') + tuple(
    f'{side}_{name}' for side in SIDES for name in LIMBS
)


@dataclass(frozen=True)
class Person:
    """What stays the same over a video: build, place, clothes.

    Attributes:
        height: Standing height, pixels.
        stout: Factor on all widths.
        tiles: Garment -> texture tile (S, R, 3).
    """

    height: float
    stout: float
    tiles: dict[str, Array]


def dress(rng: np.random.Generator, height: float) -> Person:
    """A random person of the given height in pixels."""
    tone = rgb(*cloth.SKIN[rng.integers(len(cloth.SKIN))])
    skin, shirt, trousers = cloth.skin(tone, rng), cloth.cloth(rng), cloth.cloth(rng)
    girth = 2 * np.pi * HEAD_RADIUS * height
    tiles = {
        'skin': skin,
        'shirt': shirt,
        'trousers': trousers,
        'sleeve': shirt if rng.random() < 0.6 else skin,
        'leg': trousers if rng.random() < 0.7 else skin,
        'shoe': cloth.skin(colour(rng, 15, 120), rng),
        'head': cloth.head(rng, tone, 0.13 * height, girth),
    }
    return Person(height, rng.uniform(0.9, 1.2), tiles)


def assemble(person: Person, joints: Joints, yaw: Floats, ground: Floats) -> list[Part]:
    """All parts of a body, in the order of :data:`PARTS`.

    Args:
        person: Build and clothes.
        joints: Positions in body heights.
        yaw: Turn of the body (T,), radians; the trunk's texture slides with it.
        ground: Image position of the point between the feet at rest (T, 2), pixels.
    """
    tailor = _Tailor(person, ground)
    at = joints.at
    trunk = np.sqrt((0.98 * np.cos(yaw)) ** 2 + (0.6 * np.sin(yaw)) ** 2)
    slide = -yaw * CHEST_DEPTH * person.height
    head_slide = -yaw * person.tiles['head'].shape[1] / (2 * np.pi * TEXELS_PER_PIXEL)
    still = 0 * yaw
    up = at['neck'] - at['pelvis']
    waist, crotch = at['pelvis'] + 0.16 * up, at['pelvis'] - 0.12 * up
    parts = [
        tailor.sew(HIPS, waist, crotch, trunk, slide),
        tailor.sew(TORSO, at['pelvis'], at['neck'], trunk, slide),
        tailor.sew(NECK, at['neck'], at['chin'], still + 1, still),
        tailor.sew(HEAD, at['chin'], at['crown'], still + 1, head_slide),
    ]
    for side in SIDES:
        for start, end, cut in LIMBS.values():
            ends = at[f'{side}_{start}'], at[f'{side}_{end}']
            parts.append(tailor.sew(cut, *ends, still + 1, still))
    return parts


class _Tailor:
    """Makes the parts of one person, standing at one place."""

    def __init__(self, person: Person, ground: Floats) -> None:
        self.person, self.ground = person, ground

    def sew(self, cut: Cut, start: Floats, end: Floats, width: Floats, slide: Floats) -> Part:
        """A part between two points (T, 3); ``width`` (T,) scales it across."""
        size = self.person.height
        wide = size if cut is HEAD else size * self.person.stout
        still = np.zeros(len(start))
        if cut.square is None:
            corner, overhang = wide * max(cut.near, cut.far), wide * min(cut.near, cut.far)
        else:
            corner, overhang = size * cut.square[0], size * cut.square[1]
        return Part(
            start=self.ground + size * start[:, :2],
            end=self.ground + size * end[:, :2],
            depth=(start[:, 2] + end[:, 2]) / 2 - cut.nearer,
            length=cut.length * size,
            near=wide * (cut.near * width),
            far=wide * (cut.far * width),
            corner=still + corner,
            overhang=overhang,
            tile=self.person.tiles[cut.garment],
            slide=slide,
        )
