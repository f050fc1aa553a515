"""A jointed body in three dimensions, seen by a parallel projection.

Shapes: T frames. Body axes: x to the actor's left, y down, z behind the
actor, who faces the camera (looks along -z) when ``yaw`` is 0. Lengths are
fractions of the standing height; angles are radians.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SIDES = ('left', 'right')
SIGN = {'left': 1.0, 'right': -1.0}
LENGTH = {'torso': 0.31, 'upper_arm': 0.165, 'forearm': 0.145, 'thigh': 0.245, 'shin': 0.245}
HEAD_BASE, HEAD_TOP, HAND, FOOT, SOLE = 0.035, 0.165, 0.055, 0.085, 0.035
SHOULDER, HIP = 0.1, 0.058
# A head keypoint sits in the middle of the head.
KEYPOINTS = ('head', 'neck') + tuple(
    f'{side}_{joint}'
    for joint in ('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle')
    for side in SIDES
)


@dataclass(frozen=True)
class Limb:
    """Direction of a limb: 0 hangs down; ``out`` away from the body, ``ahead`` to the front."""

    out: Floats
    ahead: Floats


@dataclass(frozen=True)
class Pose:
    """What a body does over T frames.

    Attributes:
        limbs: (side, part) -> :class:`Limb`, part among upper_arm, forearm, thigh, shin.
        lean: Sideways inclination of the torso (T,).
        bow: Forward inclination of the torso (T,).
        yaw: Turn about the vertical (T,); positive turns the face to the image's left.
        lift: Height of the feet above the ground (T,), in body heights.
        travel: Displacement along the image's x axis (T,), in body heights.
    """

    limbs: dict[tuple[str, str], Limb]
    lean: Floats
    bow: Floats
    yaw: Floats
    lift: Floats
    travel: Floats


@dataclass(frozen=True)
class Joints:
    """Positions (T, 3) by name, in body heights; y = 0 is the ground."""

    at: dict[str, Floats] = field(default_factory=dict)


def direction(limb: Limb, sign: float) -> Floats:
    """Unit vector (T, 3) of a limb in body axes."""
    level = np.cos(limb.out)
    return np.stack(
        [sign * np.sin(limb.out), level * np.cos(limb.ahead), -level * np.sin(limb.ahead)], -1
    )


def _turn(points: Floats, yaw: Floats) -> Floats:
    x, y, z = points[:, 0], points[:, 1], points[:, 2]
    cos, sin = np.cos(yaw), np.sin(yaw)
    return np.stack([x * cos + z * sin, y, z * cos - x * sin], -1)


def _trunk(pose: Pose) -> dict[str, Floats]:
    zero = np.zeros_like(pose.yaw)
    pelvis = np.stack([zero, zero, zero], -1)
    up = -direction(Limb(-pose.lean, -pose.bow), 1.0)
    neck = pelvis + LENGTH['torso'] * up
    at = {'pelvis': pelvis, 'neck': neck}
    at['chin'] = neck + HEAD_BASE * up
    at['crown'] = neck + HEAD_TOP * up
    at['head'] = neck + 0.5 * (HEAD_BASE + HEAD_TOP) * up
    across = np.stack([np.cos(pose.lean), np.sin(pose.lean), zero], -1)
    for side in SIDES:
        at[f'{side}_shoulder'] = neck + SIGN[side] * SHOULDER * across
        at[f'{side}_hip'] = pelvis + SIGN[side] * HIP * np.array([1.0, 0.0, 0.0])
    return at


def _chain(at: dict[str, Floats], pose: Pose, side: str, parts: tuple[str, str, str]) -> None:
    """Add the two lower joints and the tip of an arm or a leg."""
    root, middle, end = (f'{side}_{name}' for name in parts)
    upper, lower = ('upper_arm', 'forearm') if parts[0] == 'shoulder' else ('thigh', 'shin')
    at[middle] = at[root] + LENGTH[upper] * direction(pose.limbs[side, upper], SIGN[side])
    course = direction(pose.limbs[side, lower], SIGN[side])
    at[end] = at[middle] + LENGTH[lower] * course
    if lower == 'forearm':
        at[f'{side}_tip'] = at[end] + HAND * course
    else:
        toe = np.array([SIGN[side] * 0.35, 0.3, -0.89])
        at[f'{side}_toe'] = at[end] + FOOT * toe


def forward(pose: Pose) -> Joints:
    """Joint positions of a pose, with the lower foot on the ground (plus ``lift``)."""
    at = _trunk(pose)
    for side in SIDES:
        _chain(at, pose, side, ('shoulder', 'elbow', 'wrist'))
        _chain(at, pose, side, ('hip', 'knee', 'ankle'))
    lowest = np.maximum(at['left_ankle'][:, 1], at['right_ankle'][:, 1]) + SOLE
    shift = np.stack([pose.travel, -lowest - pose.lift, np.zeros_like(lowest)], -1)
    return Joints({name: _turn(point, pose.yaw) + shift for name, point in at.items()})
