"""A person before a place, painted.

Shapes: T frames, H, W pixels, K keypoints, L layers.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmrobust.datasets.synthetic.body import Person, assemble
from mmrobust.datasets.synthetic.motion import CLASSES
from mmrobust.datasets.synthetic.noise import Array
from mmrobust.datasets.synthetic.painter import cast_shadow, compose, moved
from mmrobust.datasets.synthetic.script import HEIGHT, WIDTH, Place, Role, generator, staged
from mmrobust.datasets.synthetic.skeleton import KEYPOINTS, Floats, Joints, forward


@dataclass(frozen=True)
class Scene:
    """A rendered video and the geometry behind it.

    Attributes:
        frames: RGB video, uint8 (T, H, W, 3), 0..255.
        parts: What is seen at each pixel, uint8 (T, H, W).
        affine: Texture-to-image maps of the layers in ``parts`` (T, L, 2, 3).
        keypoints: Joint positions, float32 (T, K, 2), pixels.
    """

    frames: NDArray[np.uint8]
    parts: NDArray[np.uint8]
    affine: Floats
    keypoints: NDArray[np.float32]


def plate(place: Place) -> Array:
    """The place while nobody is there, float32 (T, H, W, 3)."""
    return moved(place.canvas, (HEIGHT, WIDTH), place.camera)


def backdrop(role: Role, place: Place) -> Array:
    """The place with the shadow of the person, float32 (T, H, W, 3)."""
    frames = plate(place)
    size = role.person.height
    travel = role.broad * role.pose.travel
    feet = role.spot + place.camera + np.stack([travel * size, 0 * travel], -1)
    cast_shadow(frames, feet, size)
    return frames


def film(role: Role, camera: Floats, behind: Array) -> Scene:
    """The person before anything.

    Args:
        role: The person.
        camera: Displacement of everything in the image (T, 2), pixels.
        behind: What is seen where the person is not, float32 (T, H, W, 3); it is painted over.
    """
    ground = role.spot + camera
    joints = _broadened(forward(role.pose), role.broad)
    parts = assemble(role.person, joints, role.pose.yaw, ground)
    owner = compose(behind, parts, role.light)
    return Scene(
        frames=levels(behind),
        parts=owner,
        affine=np.stack([_background(camera), *(part.affine() for part in parts)], 1),
        keypoints=_keypoints(role.person, joints, ground),
    )


def joint_tracks(
    index: int,
    *,
    seed: int = 0,
    split: str = 'train',
    classes: tuple[str, ...] = CLASSES,
    drift: float = 3.0,
) -> NDArray[np.float32]:
    """The joints (T, K, 2) of a video that nobody renders.

    Arguments as in :func:`~mmrobust.datasets.synthetic.synthesize`.
    """
    drawn = staged(generator(split, seed, index), index, classes, drift)
    _, pose, person, camera, spot = drawn
    return _keypoints(person, forward(pose), spot + camera)


def levels(values: Array) -> NDArray[np.uint8]:
    """The nearest grey levels 0..255."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _broadened(joints: Joints, broad: float) -> Joints:
    return Joints({name: point * [broad, 1, 1] for name, point in joints.at.items()})


def _background(camera: Floats) -> Floats:
    still = np.broadcast_to(np.eye(2), (len(camera), 2, 2))
    return np.concatenate([still, camera[:, :, None]], -1)


def _keypoints(person: Person, joints: Joints, ground: Floats) -> NDArray[np.float32]:
    places = [ground + person.height * joints.at[name][:, :2] for name in KEYPOINTS]
    return np.stack(places, 1).astype(np.float32)
