"""From what a pipeline has decoded to a clip, and back.

Shapes: T distinct frames, L images in the pipeline's list, H, W pixels.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions import Clip
from mmrobust.datasets.video_places import place_of
from mmrobust.functional.checks import require

Results = dict[str, Any]
Rows = NDArray[np.int64]
# Frames a second where a file does not say.
DEFAULT_RATE = 25.0
# What tells samples apart whatever the order: persons of one picture share theirs.
KEYS = ('img_id', 'sample_idx')
# Else what names them, without the folder: data may be moved.
PATHS = ('img_path', 'filename', 'frame_dir')


def sample_key(info: Results) -> int | str:
    """What the random numbers of a sample depend on.

    Raises:
        ValueError: The data set says nothing that tells samples apart.
    """
    place = place_of(info)
    if place is not None:
        # Frames of a video share what is drawn for a clip, as they would if they came together.
        return place.video
    found = next((info[key] for key in KEYS if info.get(key) is not None), None)
    if found is not None:
        return int(found) if isinstance(found, int | np.integer) else str(found)
    path = next((info[key] for key in PATHS if isinstance(info.get(key), str)), None)
    rule = f'one of {", ".join((*KEYS, *PATHS))} for each sample'
    require(path is not None, 'dataset', rule, sorted(info))
    return Path(str(path)).name


def frame_rate(info: Results) -> float:
    """Frames a second, 25 where nothing says."""
    return float(info.get('avg_fps') or info.get('fps') or DEFAULT_RATE)


def bit_rate(info: Results) -> float | None:
    """Bits a second of a file's video stream, or of the file; None where nothing says."""
    path = info.get('filename')
    if not isinstance(path, str) or not Path(path).is_file():
        return None
    import av

    try:
        with av.open(path) as container:
            found = container.streams.video[0].bit_rate or container.bit_rate
    except (av.FFmpegError, IndexError):
        return None
    return float(found) if found else None


def clip_of(state: Results) -> tuple[Clip, Rows]:
    """The distinct frames of decoded results, in order of time, and (L,) where each image is.

    Args:
        state: With ``imgs``, RGB, as MMAction2 decodes videos, or with ``img``, BGR, as
            MMPose reads pictures.

    Raises:
        ValueError: There are no frames of three channels in whole grey levels.
    """
    if 'imgs' not in state:
        picture = _checked(state.get('img'), 'img')
        place = place_of(state)
        numbers: tuple[int, ...] = () if place is None else (place.frame,)
        return Clip(np.ascontiguousarray(picture[None, ..., ::-1]), numbers), np.zeros(1, np.int64)
    images = state['imgs']
    require(bool(len(images)), 'imgs', 'at least one frame', len(images))
    for image in images:
        _checked(image, 'imgs')
    indices = np.asarray(state.get('frame_inds', np.arange(len(images)))).reshape(-1)
    distinct, first, rows = np.unique(indices, return_index=True, return_inverse=True)
    start = int(state.get('start_index') or 0)
    numbers = tuple(int(one) - start for one in distinct)
    frames = np.stack([images[place] for place in first])
    return Clip(frames, numbers, frame_rate(state)), rows.reshape(-1).astype(np.int64)


def with_frames(state: Results, frames: NDArray[np.uint8], rows: Rows) -> Results:
    """The results with other frames (T, H, W, 3), RGB, of the same size.

    Args:
        state: Results, whose frames are not looked at.
        frames: Of the clip.
        rows: As ``clip_of`` gave them.
    """
    if 'imgs' not in state:
        return state | {'img': np.ascontiguousarray(frames[0][..., ::-1])}
    # Copies: some transforms work in place.
    return state | {'imgs': [frames[row].copy() for row in rows]}


def _checked(image: Any, name: str) -> NDArray[np.uint8]:
    fits = isinstance(image, np.ndarray) and image.dtype == np.uint8
    fits = fits and image.ndim == 3 and image.shape[2] == 3
    kind = getattr(image, 'dtype', None), getattr(image, 'shape', None)
    require(fits, name, 'uint8 (H, W, 3): pictures of three channels', kind)
    return np.asarray(image)
