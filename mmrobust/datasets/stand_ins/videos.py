"""An embedded video as a file, as frames or as stored optical flow, with its annotation list.

Shapes: T frames, H, W pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mmrobust.datasets.synthetic import CLASSES, FRAMES, synthesize
from mmrobust.io.video import write_lossless

VIDEOS, FPS = 3, 16
VIDEO = 'video.mkv'
# Flow is stored as in MMAction2: [-20, 20] pixels become [0, 255].
BOUND = 20.0


@lru_cache(maxsize=1)
def _film() -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Three videos of one class, one after the other, and their flow: T = 96."""
    samples = [synthesize(place * len(CLASSES), split='test') for place in range(VIDEOS)]
    flows = [np.concatenate([one.flow, one.flow[-1:]]) for one in samples]
    return np.concatenate([one.frames for one in samples]), np.concatenate(flows)


def write_video(dataset: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Write a video and its list; the data set's options that lead to them.

    Args:
        dataset: Its config, of a ``VideoDataset``.
        folder: Where the files go.
    """
    frames, _ = _film()
    write_lossless(folder / VIDEO, frames, FPS)
    return _listed(dataset, folder, [VIDEO, '0'], 'video')


def write_frames(dataset: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Likewise of a ``RawframeDataset``: pictures, or maps of flow."""
    frames, flow = _film()
    template, start = dataset.get('filename_tmpl', 'img_{:05}.jpg'), dataset.get('start_index', 1)
    (folder / 'frames').mkdir(exist_ok=True)
    for number in range(len(frames)):
        place = folder / 'frames'
        if dataset.get('modality') == 'Flow':
            grey = np.rint((flow[number].clip(-BOUND, BOUND) + BOUND) * 255 / (2 * BOUND))
            for axis, part in zip('xy', grey.astype(np.uint8), strict=True):
                cv2.imwrite(str(place / template.format(axis, number + start)), part)
        else:
            cv2.imwrite(str(place / template.format(number + start)), frames[number][..., ::-1])
    return _listed(dataset, folder, ['frames', str(len(frames)), '0'], 'img')


def write_sound(dataset: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Likewise of an ``AudioDataset``: made-up features, one row of 80 for each frame."""
    name = 'sound.npy'
    np.save(folder / name, np.random.default_rng(0).normal(size=(FRAMES * VIDEOS, 80)))
    return _listed(dataset, folder, [name, str(FRAMES * VIDEOS), '0'], 'audio')


def _listed(
    dataset: Mapping[str, Any], folder: Path, words: list[str], prefix: str
) -> dict[str, Any]:
    path = folder / 'list.txt'
    path.write_text(dataset.get('delimiter', ' ').join(words) + '\n')
    return {'ann_file': str(path), f'data_prefix.{prefix}': str(folder)}
