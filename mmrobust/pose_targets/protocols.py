"""The built-in target poses: one stride of a walk, and sitting.

Drawn from the skeleton of the embedded figures and named for every body set
that MMPose has 13 to 17 joints of: COCO, Human3.6M, MPII, JHMDB, AI Challenger,
CrowdPose, OCHuman, and the embedded figures themselves.

Deviation: the protocols "walk" and "sit" of the K-limiting attack are two
Human3.6M poses that were not published with it; a frame of the user's own takes
their place through :func:`mmrobust.pose_targets.load_target`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mmrobust.datasets.synthetic.skeleton import Floats

from mmrobust.pose_targets.template import PoseTemplate

# Half widths and depths of a face, in body heights.
EYE, EAR, EYE_DEPTH, NOSE_DEPTH = 0.018, 0.042, 0.045, 0.058

Angles = Mapping[str, tuple[float, float]]


def walk() -> PoseTemplate:
    """A stride towards the left of the image: left leg and right arm ahead."""
    left = {'thigh': (3, 28), 'shin': (3, 20), 'upper_arm': (8, -30), 'forearm': (8, -10)}
    right = {'thigh': (3, -28), 'shin': (3, -36), 'upper_arm': (8, 30), 'forearm': (8, 50)}
    return _posed(left, right, bow=4.0, yaw=60.0)


def sit() -> PoseTemplate:
    """On a seat as high as the knees, turned to the left of the image, hands on the thighs."""
    side = {'thigh': (8, 84), 'shin': (4, -4), 'upper_arm': (8, 18), 'forearm': (2, 62)}
    return _posed(side, side, bow=6.0, yaw=60.0)


PROTOCOLS: dict[str, Callable[[], PoseTemplate]] = {'walk': walk, 'sit': sit}


def _posed(left: Angles, right: Angles, bow: float, yaw: float) -> PoseTemplate:
    """The body with limbs at (out, ahead) degrees, as in ``skeleton.Limb``."""
    # Data sets need mmcv, which attacks and victims do not.
    from mmrobust.datasets.synthetic.skeleton import SIDES, Limb, Pose, forward

    def radians(degrees: float) -> Floats:
        return np.array([np.deg2rad(degrees)])

    limbs = {
        (side, part): Limb(radians(out), radians(ahead))
        for side, angles in zip(SIDES, (left, right), strict=True)
        for part, (out, ahead) in angles.items()
    }
    still = np.zeros(1)
    pose = Pose(limbs, still, radians(bow), radians(yaw), still, still)
    at = {name: point[0] for name, point in forward(pose).at.items()}
    at |= _face(at, float(np.deg2rad(yaw)))
    middle = (at['pelvis'] + at['neck']) / 2
    at |= {'root': at['pelvis'], 'spine': middle, 'belly': middle}
    at |= {'thorax': at['neck'], 'upper_neck': at['chin'], 'neck_base': at['chin']}
    at |= {f'{side}_foot': at[f'{side}_ankle'] for side in SIDES}
    places = np.stack([point[:2] for point in at.values()])
    return PoseTemplate(places, np.ones(len(at), bool), tuple(at))


def _face(at: dict[str, Floats], yaw: float) -> dict[str, Floats]:
    """Top of the head, nose, eyes and ears; the face looks along -z when ``yaw`` is 0."""
    from mmrobust.datasets.synthetic.skeleton import SIDES, SIGN

    ahead = np.array([-np.sin(yaw), 0, -np.cos(yaw)])
    across = np.array([np.cos(yaw), 0, -np.sin(yaw)])
    up = at['crown'] - at['chin']
    face = {'head_top': at['crown'], 'top_head': at['crown']}
    face['nose'] = at['chin'] + 0.4 * up + NOSE_DEPTH * ahead
    for side in SIDES:
        out = SIGN[side] * across
        face[f'{side}_eye'] = at['chin'] + 0.55 * up + EYE_DEPTH * ahead + EYE * out
        face[f'{side}_ear'] = at['chin'] + 0.5 * up + EAR * out
    return face
