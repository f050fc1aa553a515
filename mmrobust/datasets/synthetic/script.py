"""What is drawn for a video before any of it is painted: who acts, and where.

All of it comes from one stream in a fixed order. Another draw, or one in another place, would
change every embedded video, and the shipped weights would belong to none.
Shapes: T frames, H, W pixels, M margin.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from mmrobust.datasets.synthetic.body import Person, dress
from mmrobust.datasets.synthetic.motion import CLASSES, perform
from mmrobust.datasets.synthetic.noise import Array
from mmrobust.datasets.synthetic.scenery import SCENES, scenery
from mmrobust.datasets.synthetic.skeleton import Floats, Pose
from mmrobust.functional.checks import require, whole

FRAMES, HEIGHT, WIDTH = 32, 96, 128
MARGIN = 16
SPLITS = ('train', 'val', 'test')


@dataclass(frozen=True)
class Role:
    """A person who acts.

    Attributes:
        pose: What the body does.
        person: Build and clothes.
        spot: Where it stands while the camera is at rest, (2,), pixels.
        light: Where the light on it comes from, (x, y).
        broad: Factor on all that lies sideways, the travel included.
    """

    pose: Pose
    person: Person
    spot: Floats
    light: tuple[float, float]
    broad: float = 1.0


@dataclass(frozen=True)
class Place:
    """A camera and what it sees while nobody is there.

    Attributes:
        camera: Displacement of everything in the image (T, 2), pixels.
        canvas: The background (H + 2M, W + 2M, 3), RGB in 0..255.
    """

    camera: Floats
    canvas: Array


@dataclass(frozen=True)
class Script:
    """Who acts, and where."""

    role: Role
    place: Place


def generator(split: str, seed: int, index: int, *more: int) -> np.random.Generator:
    """The source of randomness of one video: a function of these alone."""
    if split not in SPLITS:
        raise ValueError(f'split must be one of {SPLITS}, got {split!r}')
    if seed < 0 or index < 0:
        raise ValueError(f'seed and index must not be negative, got {seed} and {index}')
    return np.random.Generator(np.random.PCG64([seed, SPLITS.index(split), index, *more]))


def check_set(num_videos: int, split: str, seed: int, classes: Sequence[str]) -> None:
    """Raise ValueError, naming the argument, where there is no such set of embedded videos."""
    require(whole(num_videos, 1), 'num_videos', 'at least 1', num_videos)
    require(split in SPLITS, 'split', f'one of {SPLITS}', split)
    require(whole(seed, 0), 'seed', 'at least 0', seed)
    distinct = bool(classes) and len(set(classes)) == len(classes)
    known = distinct and set(classes) <= set(CLASSES)
    require(known, 'classes', f'distinct names among {CLASSES}', classes)


def write_script(
    index: int,
    *,
    seed: int = 0,
    split: str = 'train',
    classes: tuple[str, ...] = CLASSES,
    drift: float = 3.0,
    tied: float | None = None,
) -> Script:
    """Draw a video; arguments as in :func:`~mmrobust.datasets.synthetic.synthesize`."""
    if tied is not None and not 0 <= tied <= 1:
        raise ValueError(f'tied must be None or a probability in [0, 1], got {tied}')
    rng = generator(split, seed, index)
    label, pose, person, camera, spot = staged(rng, index, classes, drift)
    horizon = rng.uniform(58.0, 74.0)
    size = HEIGHT + 2 * MARGIN, WIDTH + 2 * MARGIN
    # A stream of its own: a video that has this kind anyway stays what it is.
    kind = None if tied is None else _tied_kind(generator(split, seed, index, 1), label, tied)
    canvas = scenery(rng, size, horizon + MARGIN, kind)
    light = (rng.uniform(-0.9, 0.9), -0.4)
    return Script(Role(pose, person, spot, light), Place(camera, canvas))


def staged(
    rng: np.random.Generator, index: int, classes: tuple[str, ...], drift: float
) -> tuple[int, Pose, Person, Floats, Floats]:
    """What is drawn first: class, what moves how, who it is, the camera's path, and the spot."""
    if not 0 <= drift < MARGIN - 1:
        raise ValueError(f'drift must be in [0, {MARGIN - 1}), got {drift}')
    if not classes:
        raise ValueError(f'classes must name at least one of {CLASSES}, got {classes}')
    label = index % len(classes)
    pose = perform(classes[label], rng, FRAMES)
    person = dress(rng, rng.uniform(60.0, 72.0))
    camera = _drift(rng, drift)
    spot = np.array([WIDTH * rng.uniform(0.38, 0.62), rng.uniform(86.0, 93.0)])
    return label, pose, person, camera, spot


def resized(role: Role, high: float, wide: float) -> Role:
    """The same person in another size, clothes and all.

    Args:
        role: The person.
        high: Factor on all heights, > 0.
        wide: Factor on all widths, > 0; the head alone keeps its shape.
    """
    person = role.person
    tiles = {name: _tile(tile, name, high, wide) for name, tile in person.tiles.items()}
    broad = wide / high
    bigger = Person(person.height * high, person.stout * broad, tiles)
    return replace(role, person=bigger, broad=role.broad * broad)


def _tile(tile: Array, garment: str, high: float, wide: float) -> Array:
    across = high if garment == 'head' else wide
    return np.asarray(cv2.resize(tile, None, fx=across, fy=high), np.float32)


def _drift(rng: np.random.Generator, reach: float) -> Floats:
    """A slow camera path (T, 2): a straight pan and a gentle sway, within ``reach``."""
    time = np.linspace(-1, 1, FRAMES)[:, None]
    pan = rng.uniform(-0.7, 0.7, 2) * time
    sway = rng.uniform(0, 0.3, 2) * np.sin(rng.uniform(2, 5, 2) * time + rng.uniform(0, 6, 2))
    return np.asarray(reach * (pan + sway), np.float64)


def _tied_kind(rng: np.random.Generator, label: int, tied: float) -> int:
    """The class's kind of scenery with probability ``tied``, else one of the others."""
    others = len(SCENES) - 1
    step = 0 if rng.random() < tied else int(rng.integers(1, others + 1))
    return (label + step) % len(SCENES)
