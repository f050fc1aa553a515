"""MMPose's UDP decoder ends where the curvature of one joint's heatmap cannot be inverted.

``refine_keypoints_dark_udp`` inverts the Hessians of all joints at once, and numpy raises where
one is singular. Rounding makes one so now and then on heatmaps that are nearly flat: those of a
model without training, or of one under attack. ``refine_keypoints_dark`` skips such a joint.
"""

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

from mmrobust.compat._base import Break, logger
from mmrobust.compat._imports import find_real, when_imported


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
        left = 0
        for person in range(len(start)):
            for joint in range(len(maps)):
                place = slice(person, person + 1), slice(joint, joint + 1)
                one = maps[joint : joint + 1].copy()
                try:
                    keypoints[place] = refine(start[place].copy(), one, blur_kernel_size)
                except LinAlgError:
                    left += 1
        joints = f'{left} of {start.shape[0] * len(maps)} joints of a pose'
        logger.warning('%s: the heatmap is too flat, its highest pixel is taken', joints)
        return keypoints

    return refined


class FlatHeatmaps(Break):
    """The refinement of joints from heatmaps in codecs with UDP."""

    name = 'mmpose and the UDP decoding of flat heatmaps'
    symptom = 'LinAlgError: Singular matrix'
    remedy = 'such a joint is the highest pixel of its heatmap, and a line says so'

    def detect(self) -> bool:
        """Always with MMPose."""
        return find_real('mmpose') is not None

    def heal(self) -> None:
        """Wait for MMPose's decoding."""
        when_imported('mmpose.codecs.utils.refinement', self._patch)

    def _patch(self, module: ModuleType) -> None:
        module.__dict__['refine_keypoints_dark_udp'] = skipping(
            module.__dict__['refine_keypoints_dark_udp']
        )
        self.note()
