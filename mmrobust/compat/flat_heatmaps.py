"""MMPose's UDP decoder ends where the curvature of one joint's heatmap cannot be inverted.

``refine_keypoints_dark_udp`` inverts the Hessians of all joints at once, and numpy raises where
one is singular. Rounding makes one so now and then on heatmaps that are nearly flat: those of a
model without training, or of one under attack. ``refine_keypoints_dark`` skips such a joint.
"""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from mmrobust.compat._base import Break, logger
from mmrobust.compat._imports import find_real, when_imported
from mmrobust.compat._scope import within

FLAG = 'flat_heatmap'
REFINE = 'refine_keypoints_dark_udp'
# Where it is, and who holds it, should they be imported already.
MODULES = ('utils.refinement', 'udp_heatmap', 'associative_embedding')
# Joints that could not be refined, since the process began.
_left = 0


@contextmanager
def flat_heatmaps() -> Iterator[set[str]]:
    """A set that holds the flag afterwards if a joint was decoded that cannot be refined."""
    found: set[str] = set()
    before = _left
    yield found
    if _left > before:
        found.add(FLAG)


def skipping(refine: Callable[..., Any]) -> Callable[..., Any]:
    """``refine_keypoints_dark_udp``, which leaves joints that cannot be refined where they are."""

    @functools.wraps(refine)
    def refined(keypoints: Any, heatmaps: Any, blur_kernel_size: int) -> Any:
        from numpy.linalg import LinAlgError

        # The refinement writes into both.
        start, maps = keypoints.copy(), heatmaps.copy()
        try:
            return refine(keypoints, heatmaps, blur_kernel_size)
        except LinAlgError:
            keypoints[:] = start
        for person in range(len(start)):
            for joint in range(len(maps)):
                place = slice(person, person + 1), slice(joint, joint + 1)
                one = maps[joint : joint + 1].copy()
                try:
                    keypoints[place] = refine(start[place].copy(), one, blur_kernel_size)
                except LinAlgError:
                    _count()
        return keypoints

    return refined


def _count() -> None:
    """One more joint; the first is said, for those who look at no flags."""
    global _left
    if not _left:
        logger.warning('a heatmap is too flat to refine the joint: its highest pixel is taken')
    _left += 1


class FlatHeatmaps(Break):
    """The refinement of joints from heatmaps in codecs with UDP."""

    name = 'mmpose and the UDP decoding of flat heatmaps'
    symptom = 'LinAlgError: Singular matrix'
    remedy = 'such a joint is the highest pixel of its heatmap (flag flat_heatmap)'
    changes_behaviour = True

    def detect(self) -> bool:
        """Always with MMPose."""
        return find_real('mmpose') is not None

    def heal(self) -> None:
        """Wait for MMPose's decoding."""
        for name in MODULES:
            when_imported(f'mmpose.codecs.{name}', self._patch)

    def _patch(self, module: ModuleType) -> None:
        refine = module.__dict__[REFINE]
        if not hasattr(refine, '__wrapped__'):
            module.__dict__[REFINE] = within(refine, skipping(refine))
            self.note()
