"""One synthetic video with its ground truth.

Shapes: T frames, H, W pixels, K keypoints.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmrobust.datasets.synthetic.film import Scene, backdrop, film
from mmrobust.datasets.synthetic.flow import optical_flow
from mmrobust.datasets.synthetic.motion import CLASSES
from mmrobust.datasets.synthetic.script import write_script
from mmrobust.datasets.synthetic.visibility import visible_keypoints


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


def render(
    index: int,
    *,
    seed: int = 0,
    split: str = 'train',
    classes: tuple[str, ...] = CLASSES,
    drift: float = 3.0,
    tied: float | None = None,
) -> Scene:
    """Render a video without deriving ground truth; arguments as in :func:`synthesize`."""
    script = write_script(index, seed=seed, split=split, classes=classes, drift=drift, tied=tied)
    return film(script.role, script.place.camera, backdrop(script.role, script.place))


def synthesize(
    index: int,
    *,
    seed: int = 0,
    split: str = 'train',
    classes: tuple[str, ...] = CLASSES,
    drift: float = 3.0,
    tied: float | None = None,
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
        tied: Probability with which the kind of scenery is that of the class; None: scenery
            says nothing of the class.
    """
    scene = render(index, seed=seed, split=split, classes=classes, drift=drift, tied=tied)
    return SyntheticSample(
        frames=scene.frames,
        label=index % len(classes),
        flow=optical_flow(scene.affine, scene.parts),
        keypoints=scene.keypoints,
        visible=visible_keypoints(scene.keypoints, scene.parts),
        parts=scene.parts,
    )
