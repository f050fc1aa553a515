"""One synthetic video with its ground truth.

Shapes: T frames, H, W pixels, K keypoints.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmrobust.datasets.synthetic.body import Person, assemble, dress
from mmrobust.datasets.synthetic.flow import optical_flow
from mmrobust.datasets.synthetic.motion import CLASSES, perform
from mmrobust.datasets.synthetic.painter import cast_shadow, compose, moved
from mmrobust.datasets.synthetic.scenery import scenery
from mmrobust.datasets.synthetic.skeleton import KEYPOINTS, Floats, Joints, Pose, forward
from mmrobust.datasets.synthetic.visibility import visible_keypoints

FRAMES, HEIGHT, WIDTH = 32, 96, 128
MARGIN = 16
SPLITS = ('train', 'val', 'test')


@dataclass(frozen=True)
class SyntheticSample:
    """A video and what is known about it.

    Attributes:
        frames: RGB video, uint8 (T, H, W, 3), 0..255.
        label: Index into the classes that were asked for.
        flow: Displacement of what is seen at each pixel from frame t to t+1,
            float32 (T-1, 2, H, W), pixels; channel 0 is x to the right, 1 is y
            down. Exact for the surface that owns the pixel (coverage of at least half).
        keypoints: Joint positions (x, y), float32 (T, K, 2), pixels, in the order of
            ``KEYPOINTS``; the centre of the top left pixel is (0, 0).
        visible: Whether a joint is inside the frame and not hidden by another
            part of the body, bool (T, K).
        parts: What is seen at each pixel, uint8 (T, H, W): 0 the background,
            1 + i the i-th of ``body.PARTS``.
    """

    frames: NDArray[np.uint8]
    label: int
    flow: NDArray[np.float32]
    keypoints: NDArray[np.float32]
    visible: NDArray[np.bool_]
    parts: NDArray[np.uint8]


def generator(split: str, seed: int, index: int) -> np.random.Generator:
    """The source of randomness of one video: a function of these three alone."""
    if split not in SPLITS:
        raise ValueError(f'split must be one of {SPLITS}, got {split!r}')
    if seed < 0 or index < 0:
        raise ValueError(f'seed and index must not be negative, got {seed} and {index}')
    return np.random.Generator(np.random.PCG64([seed, SPLITS.index(split), index]))


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


def render(
    index: int,
    *,
    seed: int = 0,
    split: str = 'train',
    classes: tuple[str, ...] = CLASSES,
    drift: float = 3.0,
) -> Scene:
    """Render a video without deriving ground truth; arguments as in :func:`synthesize`."""
    rng = generator(split, seed, index)
    pose, person, camera, ground = _staged(rng, index, classes, drift)
    horizon = rng.uniform(58.0, 74.0)
    canvas = scenery(rng, (HEIGHT + 2 * MARGIN, WIDTH + 2 * MARGIN), horizon + MARGIN)
    frames = moved(canvas, (HEIGHT, WIDTH), camera)
    feet = ground + np.stack([pose.travel * person.height, 0 * pose.travel], -1)
    cast_shadow(frames, feet, person.height)
    joints = forward(pose)
    parts = assemble(person, joints, pose.yaw, ground)
    owner = compose(frames, parts, (rng.uniform(-0.9, 0.9), -0.4))
    return Scene(
        frames=np.clip(np.rint(frames), 0, 255).astype(np.uint8),
        parts=owner,
        affine=np.stack([_background(camera), *(part.affine() for part in parts)], 1),
        keypoints=_keypoints(person, joints, ground),
    )


def joint_tracks(
    index: int,
    *,
    seed: int = 0,
    split: str = 'train',
    classes: tuple[str, ...] = CLASSES,
    drift: float = 3.0,
) -> NDArray[np.float32]:
    """The joints (T, K, 2) of a video that nobody renders; arguments as in :func:`synthesize`."""
    pose, person, _, ground = _staged(generator(split, seed, index), index, classes, drift)
    return _keypoints(person, forward(pose), ground)


def synthesize(
    index: int,
    *,
    seed: int = 0,
    split: str = 'train',
    classes: tuple[str, ...] = CLASSES,
    drift: float = 3.0,
) -> SyntheticSample:
    """Video ``index`` of an endless, class-balanced set, with its ground truth.

    The label is ``index % len(classes)``: every run of ``len(classes)``
    consecutive videos holds each class once.

    Args:
        index: Number of the video.
        seed: Seed of the set.
        split: 'train', 'val' or 'test'; they share no video.
        classes: Names among ``CLASSES``.
        drift: Largest displacement of the camera, pixels; 0 holds it still.
    """
    scene = render(index, seed=seed, split=split, classes=classes, drift=drift)
    return SyntheticSample(
        frames=scene.frames,
        label=index % len(classes),
        flow=optical_flow(scene.affine, scene.parts),
        keypoints=scene.keypoints,
        visible=visible_keypoints(scene.keypoints, scene.parts),
        parts=scene.parts,
    )


def _staged(
    rng: np.random.Generator, index: int, classes: tuple[str, ...], drift: float
) -> tuple[Pose, Person, Floats, Floats]:
    """What moves how, who it is, the camera's path (T, 2), and the ground below the feet (T, 2)."""
    if not 0 <= drift < MARGIN - 1:
        raise ValueError(f'drift must be in [0, {MARGIN - 1}), got {drift}')
    if not classes:
        raise ValueError(f'classes must name at least one of {CLASSES}, got {classes}')
    pose = perform(classes[index % len(classes)], rng, FRAMES)
    person = dress(rng, rng.uniform(60.0, 72.0))
    camera = _drift(rng, drift)
    spot = np.array([WIDTH * rng.uniform(0.38, 0.62), rng.uniform(86.0, 93.0)])
    return pose, person, camera, spot + camera


def _drift(rng: np.random.Generator, reach: float) -> Floats:
    """A slow camera path (T, 2): a straight pan and a gentle sway, within ``reach``."""
    time = np.linspace(-1, 1, FRAMES)[:, None]
    pan = rng.uniform(-0.7, 0.7, 2) * time
    sway = rng.uniform(0, 0.3, 2) * np.sin(rng.uniform(2, 5, 2) * time + rng.uniform(0, 6, 2))
    return np.asarray(reach * (pan + sway), np.float64)


def _background(camera: Floats) -> Floats:
    still = np.broadcast_to(np.eye(2), (len(camera), 2, 2))
    return np.concatenate([still, camera[:, :, None]], -1)


def _keypoints(person: Person, joints: Joints, ground: Floats) -> NDArray[np.float32]:
    places = [ground + person.height * joints.at[name][:, :2] for name in KEYPOINTS]
    return np.stack(places, 1).astype(np.float32)
