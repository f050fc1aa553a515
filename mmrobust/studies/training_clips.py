"""Videos to train on, with their labels, and their optical flow.

Shapes: T frames, H, W pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mmrobust.datasets.synthetic import CLASSES, render
from mmrobust.flow.estimator import FlowEstimator
from mmrobust.io.frames import resized
from mmrobust.io.video import read_video

# Frames (T, H, W, 3) and label.
Video = tuple[NDArray[np.uint8], int]


def embedded_clips(number: int, height: int, every: int) -> Iterator[Video]:
    """The embedded training videos.

    Args:
        number: How many.
        height: Of the frames.
        every: Every so many frames; each video is so many clips, which begin one frame apart.
    """
    for index in range(number):
        frames = resized(render(index, split='train').frames, height)
        for first in range(every):
            yield frames[first::every], index % len(CLASSES)


def listed_clips(annotations: Path, root: Path) -> Iterator[Video]:
    """Lossless videos of a list of names below ``root`` and labels."""
    for line in annotations.read_text(encoding='utf-8').splitlines():
        name, label = line.split()
        yield read_video(root / name)[0], int(label)


def flow_of(estimator: FlowEstimator, frames: NDArray[np.uint8]) -> torch.Tensor:
    """Flow (T-1, 2, H, W), pixels, of a video (T, H, W, 3)."""
    clip = torch.from_numpy(np.ascontiguousarray(frames)).float().permute(0, 3, 1, 2)
    with torch.no_grad():
        return estimator(clip[None])[0]
