"""Pictures of attacked lifters: the joints that were moved, and the pose in space.

Shapes: K joints; 2-D joints in pixels of the picture, y down; 3-D places in the
camera's axes, y down, z away from it.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d import Axes3D
from numpy.typing import NDArray

from mmrobust.visualization.panels import Frame
from mmrobust.visualization.stills import decoded

CLEAN, ADVERSARIAL = '#8a8f98', '#d1495b'
INCHES, DOTS = (11.0, 3.8), 100
# Further away than any picture is wide, in pixels, or any person, in any unit.
FAR = 1e6
Joints = NDArray[Any]


class LiftingPictures:
    """Draws the poses of one data set.

    Args:
        metainfo: Of the data set: its skeleton.
    """

    def __init__(self, metainfo: Mapping[str, Any]) -> None:
        self.links = [tuple(link) for link in metainfo.get('skeleton_links') or []]

    def sample(self, joints: tuple[Joints, Joints], places: tuple[Joints, Joints]) -> Frame:
        """The 2-D pose clean and adversarial, and what is seen in them in space.

        Joints that are nowhere (NaN, infinity) are left out.

        Args:
            joints: Clean and adversarial (K, 2), of the middle frame.
            places: Predicted from them, (K, 3) each.
        """
        joints, places = _known(joints), _known(places)
        figure = Figure(INCHES, DOTS, layout='constrained')
        FigureCanvasAgg(figure)
        flat = figure.add_subplot(1, 3, 1)
        self._flat(flat, joints)
        middle, half = _cube([*places])
        for at, (name, found) in enumerate(zip(('clean', 'adversarial'), places, strict=True)):
            axes: Any = figure.add_subplot(1, 3, 2 + at, projection='3d')
            self._space(axes, found, ADVERSARIAL if at else CLEAN)
            if at:
                # For comparison, on the same spot.
                self._space(axes, places[0], CLEAN, alpha=0.45)
            _frame(axes, middle, half)
            axes.set_title(f'3-D pose, {name}', fontsize=10)
        buffer = io.BytesIO()
        figure.savefig(buffer, format='png', dpi=DOTS)
        return decoded(buffer.getvalue())

    def _flat(self, axes: Axes, joints: tuple[Joints, Joints]) -> None:
        for found, colour in zip(joints, (CLEAN, ADVERSARIAL), strict=True):
            for a, b in self.links:
                axes.plot(*found[[a, b]].T, color=colour, linewidth=1.5)
            axes.scatter(found[:, 0], found[:, 1], s=9, color=colour, zorder=3)
        axes.set_aspect('equal', adjustable='datalim')
        axes.invert_yaxis()
        axes.tick_params(labelsize=8)
        axes.set_xlabel('pixels of the picture', fontsize=8)
        axes.set_title('2-D joints: clean grey, adversarial red', fontsize=10)

    def _space(self, axes: Axes3D, places: Joints, colour: str, alpha: float = 1.0) -> None:
        # Depth to the right and back, height up.
        x, y, z = places[:, 0], places[:, 2], -places[:, 1]
        for a, b in self.links:
            axes.plot(x[[a, b]], y[[a, b]], z[[a, b]], color=colour, linewidth=2, alpha=alpha)


def _known(poses: tuple[Joints, Joints]) -> tuple[Joints, Joints]:
    """Poses without what no axis can hold: NaN is not drawn."""
    clean, adversarial = (np.where(np.abs(pose) < FAR, pose, np.nan) for pose in poses)
    return clean, adversarial


def _cube(poses: Sequence[Joints]) -> tuple[NDArray[Any], float]:
    """Middle and half side of a cube around poses."""
    every = np.concatenate(poses)
    every = every[np.isfinite(every).all(axis=1)]
    if not len(every):
        return np.zeros(3), 1.0
    low, high = every.min(axis=0), every.max(axis=0)
    return (low + high) / 2, float((high - low).max()) / 2 * 1.05 or 1.0


def _frame(axes: Any, middle: NDArray[Any], half: float) -> None:
    x, y, z = middle[0], middle[2], -middle[1]
    axes.set_xlim(x - half, x + half)
    axes.set_ylim(y - half, y + half)
    axes.set_zlim(z - half, z + half)
    axes.set_xlabel('x', fontsize=8, labelpad=-8)
    axes.set_ylabel('depth', fontsize=8, labelpad=-6)
    axes.tick_params(labelsize=7, pad=-2)
    axes.view_init(elev=12, azim=-60)
