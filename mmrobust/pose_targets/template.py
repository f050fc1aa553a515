"""A pose to aim at, whatever its size and its set of joints.

Shapes: K joints. Image axes: x to the right, y down.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmrobust.functional.checks import require, suggestion

# Joint -> what stands in for it where a pose lacks it, nearest first: data sets name the
# same place differently (MPII's head_top is Human3.6M's head) or differ by a little.
STAND_INS = {
    'head': ('head_top', 'top_head'),
    'head_top': ('top_head', 'head'),
    'top_head': ('head_top', 'head'),
    'neck': ('thorax', 'upper_neck'),
    'upper_neck': ('neck_base', 'neck'),
    'neck_base': ('upper_neck', 'neck'),
    'thorax': ('neck', 'upper_neck'),
    'root': ('pelvis',),
    'pelvis': ('root',),
    'spine': ('belly',),
    'belly': ('spine',),
    'left_ankle': ('left_foot',),
    'right_ankle': ('right_foot',),
    # Human3.6M calls its ankles feet.
    'left_foot': ('left_ankle',),
    'right_foot': ('right_ankle',),
}


@dataclass(frozen=True)
class PoseTemplate:
    """Places of joints relative to each other.

    Attributes:
        places: (K, 2), any unit, y down.
        known: Whether the joint has a place, bool (K,); the others are left alone.
        names: The joints' names, all different; None for a pose in the order of
            the data set, whatever that is.
        strict: Whether a data set must have all its joints: what a user has written
            down is meant, and a misspelt joint would be left alone without a word.

    Raises:
        ValueError: Another shape, a known place that is not finite, or no known one.
    """

    places: NDArray[np.float64]
    known: NDArray[np.bool_]
    names: tuple[str, ...] | None = None
    strict: bool = False

    def __post_init__(self) -> None:
        shape = self.places.shape
        require(len(shape) == 2 and shape[1:] == (2,), 'places', 'of shape (K, 2)', shape)
        require(self.known.shape == shape[:1], 'known', f'of shape {shape[:1]}', self.known.shape)
        require(bool(self.known.any()), 'known', 'true for at least one joint', self.known)
        finite = bool(np.isfinite(self.places[self.known]).all())
        require(finite, 'places', 'finite where the joint is known', self.places)
        if self.names is not None:
            distinct = len(set(self.names)) == len(self.names) == len(self.places)
            require(distinct, 'names', f'{len(self.places)} different names', self.names)

    def onto(self, names: Sequence[str]) -> 'PoseTemplate':
        """The pose in the joints of a data set, matched by name, a near joint for a missing one.

        A joint that the pose has no place for is not known in what is returned:
        an attack leaves it alone.

        Args:
            names: The data set's joints, in its order.

        Raises:
            ValueError: A nameless pose with another number of joints, no joint in common, or
                a joint of a pose for one data set (``strict``) that this one does not have.
        """
        if self.names is None:
            if len(names) != len(self.places):
                raise ValueError(
                    f'the target pose has {len(self.places)} joints, the data set {len(names)}'
                )
            return PoseTemplate(self.places, self.known, tuple(names))
        index = {name: i for i, name in enumerate(self.names) if self.known[i]}
        found = [
            next((index[near] for near in (name, *STAND_INS.get(name, ())) if near in index), -1)
            for name in names
        ]
        known = np.array(found) >= 0
        if not known.any():
            raise ValueError(
                f'the target pose ({", ".join(index)}) has no joint of the data set '
                f'({", ".join(names)})'
            )
        idle = [name for name, i in index.items() if i not in found]
        if self.strict and idle:
            raise ValueError(
                'every joint of the target pose must be one of the data set, or null, '
                f'got {idle[0]!r}: {suggestion(idle[0], names)}'
            )
        places = np.where(known[:, None], self.places[found], 0.0)
        return PoseTemplate(places, known, tuple(names))

    def fitted(self, box: ArrayLike) -> NDArray[np.float64]:
        """Places (K, 2) in a person's box: as large as it holds, not distorted, in its middle.

        Joints that are not known are put at the centre of the box.

        Args:
            box: Left, top, right, bottom, pixels.

        Raises:
            ValueError: A box without an inside.
        """
        edges = np.asarray(box, np.float64)
        good = edges.shape == (4,) and bool(np.isfinite(edges).all())
        good = good and bool((edges[2:] > edges[:2]).all())
        require(good, 'box', 'left, top, right, bottom with an inside', edges.tolist())
        low, high = (limit(self.places[self.known], 0) for limit in (np.min, np.max))
        extent = high - low
        sides = edges[2:] - edges[:2]
        # A pose without extent along an axis fits there at any size.
        spread = extent > 0
        scale = (sides[spread] / extent[spread]).min(initial=np.inf) if spread.any() else 0.0
        centre = (edges[2:] + edges[:2]) / 2
        moved = centre + scale * (self.places - (low + high) / 2)
        return np.where(self.known[:, None], moved, centre)
