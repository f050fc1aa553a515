"""Boxes of the persons in the frames that were sampled of a video.

Shapes: T frames of the video, F sampled frames, P persons of a frame at most.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform
from numpy.typing import NDArray

from mmrobust.functional.checks import finite, require
from mmrobust.io.atomic import replacing
from mmrobust.registry import TRANSFORMS

# What names a video in its data set.
NAMES = ('filename', 'frame_dir', 'video_id')


@TRANSFORMS.register_module()
class FrameBoxes(BaseTransform):
    """Boxes of a file, or of the data set's own annotations, for the frames as they are now.

    Where neither has them, they are looked for beside the video: ``a.boxes.json``, that video's
    list alone, as ``--save-adv`` writes it with each.

    It belongs directly before ``FormatShape``: sizes follow every ``Resize`` before it.

    Required Keys:

        - frame_inds
        - start_index
        - img_shape
        - original_shape
        - boxes ((T, P, 4), NaN for nobody), without a file

    Added Keys:

        - boxes ((F, P, 4), float32: left, top, right, bottom, pixels of ``imgs``)
        - boxes_shape (height and width of ``imgs``)

    Args:
        file: JSON, ``{"a.mp4": [[[left, top, right, bottom], ...], ...]}``: of each video the
            frames, of each frame the persons (none: an empty list), in pixels of the video. A
            name may leave out folder and ending. None: the data set gives ``boxes``.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no such JSON; when run, a video has no boxes, too few frames or a box
            that is none, or it was cropped.
    """

    def __init__(self, file: str | None = None) -> None:
        self.file = file
        self.known: Mapping[str, Any] | None = None if file is None else _read(file)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Put the sampled frames' boxes in the place of the video's."""
        cropped = results.get('crop_bbox')
        require(cropped is None, 'FrameBoxes', 'in a pipeline without crops', cropped)
        boxes = self._of(results)
        rows = np.reshape(results['frame_inds'], -1) - results.get('start_index', 0)
        enough = int(rows.max()) < len(boxes)
        rule = f'those of {int(rows.max()) + 1} frames at least'
        require(enough, f'boxes of {_name(results)}', rule, len(boxes))
        (height, width), (rows_before, columns_before) = (
            results['img_shape'],
            results['original_shape'],
        )
        zoom = np.array([width / columns_before, height / rows_before] * 2)
        results['boxes'] = (boxes[rows] * zoom).astype(np.float32)
        results['boxes_shape'] = (int(height), int(width))
        return results

    def _of(self, results: Mapping[str, Any]) -> NDArray[np.float64]:
        """Of all frames (T, P, 4)."""
        name = _name(results)
        path, known = Path(name), self.known or {}
        keys = [key for key in (name, path.name, path.stem) if key in known]
        if keys:
            return _stacked(known[keys[0]], f'boxes {self.file}, {keys[0]!r}')
        if self.known is None and results.get('boxes') is not None:
            return np.asarray(results['boxes'], dtype=np.float64)
        beside = boxes_beside(path)
        rule = f"in FrameBoxes' file, given by the data set, or in {beside.name} beside it"
        require(beside.is_file(), f'boxes of {name}', rule, f'none (file={self.file!r})')
        return _stacked(_read(str(beside), list), f'boxes {beside}')

    def __repr__(self) -> str:
        return f'{self.__class__.__name__}(file={self.file!r})'


def _name(results: Mapping[str, Any]) -> str:
    return next((str(results[key]) for key in NAMES if results.get(key) is not None), 'unnamed')


def boxes_beside(video: Path) -> Path:
    """Where the boxes of one video lie."""
    return video.with_suffix('.boxes.json')


def write_boxes(video: Path, boxes: NDArray[Any]) -> None:
    """Put boxes (T, P, 4), NaN for nobody, beside a video; in single precision nothing is lost."""
    rows = [[box.tolist() for box in frame if np.isfinite(box).all()] for frame in boxes]
    with replacing(boxes_beside(video)) as temporary:
        temporary.write_text(json.dumps(rows), encoding='utf-8')


def _read(file: str, kind: type[Any] = dict) -> Any:
    path = Path(file)
    if not path.is_file():
        raise FileNotFoundError(f'boxes {file} does not exist')
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
    except (ValueError, RecursionError) as error:
        raise ValueError(f'boxes {file} must be JSON: {error}') from error
    rule = 'videos by name' if kind is dict else 'a list of frames'
    require(isinstance(content, kind), f'boxes {file}', rule, type(content).__name__)
    return content


def _stacked(frames: Any, place: str) -> NDArray[np.float64]:
    """Lists of lists of boxes as (T, P, 4), NaN for nobody."""
    rule = 'a list of frames, each a list of boxes'
    listed = isinstance(frames, list) and all(isinstance(frame, list) for frame in frames)
    require(listed, place, rule, frames)
    persons = max((len(frame) for frame in frames), default=0)
    require(persons > 0, place, 'boxes of somebody in one frame at least', 'none')
    found = np.full((len(frames), persons, 4), np.nan)
    for number, frame in enumerate(frames):
        for person, box in enumerate(frame):
            sound = isinstance(box, list) and len(box) == 4 and all(map(finite, box))
            sound = sound and box[0] < box[2] and box[1] < box[3]
            rule = '[left, top, right, bottom], left < right and top < bottom'
            require(sound, f'{place}, frame {number}', rule, box)
            found[number, person] = box
    return found
