"""Boxes of persons from a JSON file, keyed by the names of pictures.

Shapes: P persons of a picture; a row is (left, top, right, bottom, score), in pixels of
the picture as it is decoded.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrobust.functional.checks import finite, require

Row = tuple[float, ...]
PERSON = 1


@dataclass(frozen=True)
class Boxes:
    """What a file says of some pictures.

    Attributes:
        rows: Picture -> (P, 5), float32, in the order of the file; P is at least 1.
        without: Pictures that the file has no box for.
        unused: Pictures of the file that were not asked for.
        other_categories: Boxes that are no persons, left out.
    """

    rows: Mapping[str, NDArray[np.float32]]
    without: tuple[str, ...]
    unused: tuple[str, ...]
    other_categories: int


def read_boxes(path: str, names: Sequence[str]) -> Boxes:
    """The boxes of given pictures.

    Args:
        path: JSON: either detection results as COCO has them, ``[{"file_name": "a.jpg",
            "bbox": [x, y, w, h], "score": 0.9}, ...]`` (``image_id`` in place of
            ``file_name``; ``score`` and ``category_id``, 1 for persons, may be missing),
            or ``{"a.jpg": [[left, top, right, bottom], ...]}``.
        names: Of the pictures. The file may leave out their folders and their endings
            where that is clear, and give the number that a name is (COCO's ``image_id``).

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no such JSON, an entry breaks a rule, or no entry is of a picture
            that was asked for; the message names the file and the entry.
    """
    if not os.path.isfile(path):
        raise FileNotFoundError(f'boxes {path} does not exist')
    try:
        with open(path, encoding='utf-8') as file:
            content = json.load(file)
    except (ValueError, RecursionError) as error:
        raise ValueError(f'boxes {path} must be JSON: {error}') from error
    given, others = _detections(path, content) if isinstance(content, list) else (None, 0)
    given = _by_picture(path, content) if given is None else given
    places = _Places(names)
    found: dict[str, list[Row]] = defaultdict(list)
    unused = []
    for key, rows in given.items():
        name = places.find(path, key)
        if name is None:
            unused.append(str(key))
        else:
            found[name] += rows
    known = {name: np.array(rows, np.float32) for name, rows in found.items() if rows}
    rule = f'a file with boxes of the pictures, such as {names[0]!r}'
    require(bool(known), f'boxes {path}', rule, unused[:3])
    without = tuple(name for name in names if name not in known)
    return Boxes(known, without, tuple(unused), others)


class _Places:
    """Pictures by what a file may call them."""

    def __init__(self, names: Sequence[str]) -> None:
        self.known: dict[str | int, list[str]] = defaultdict(list)
        for name in names:
            stem = os.path.splitext(os.path.basename(name))[0]
            keys: set[str | int] = {name, os.path.basename(name), stem}
            if stem.isdecimal():
                keys.add(int(stem))
            for key in keys:
                self.known[key].append(name)

    def find(self, path: str, key: str | int) -> str | None:
        """The picture of that name; None without one."""
        found = self.known.get(key, [])
        if key in found:
            return str(key)
        rule = f'clear (it may be {" or ".join(found[:3])})'
        require(len(found) < 2, f'boxes {path}: entry {key!r}', rule, key)
        return found[0] if found else None


def _detections(path: str, content: Sequence[Any]) -> tuple[dict[str | int, list[Row]], int]:
    """COCO's detection results by picture, and how many are of another category."""
    found: dict[str | int, list[Row]] = defaultdict(list)
    others = 0
    for number, entry in enumerate(content):
        where = f'boxes {path}: entry {number}'
        require(isinstance(entry, dict), where, 'an object with file_name and bbox', entry)
        key = entry.get('file_name', entry.get('image_id'))
        sound = isinstance(key, str | int) and not isinstance(key, bool)
        require(sound, f'{where}: file_name or image_id', 'a name or a number', key)
        score = entry.get('score', 1.0)
        require(finite(score), f'{where}: score', 'a finite number', score)
        x, y, width, height = _four(f'{where}: bbox', '[x, y, width, height]', entry.get('bbox'))
        require(
            width > 0 and height > 0, f'{where}: bbox', 'wider and higher than 0', entry['bbox']
        )
        if entry.get('category_id', PERSON) == PERSON:
            found[key].append((x, y, x + width, y + height, float(score)))
        else:
            others += 1
    return found, others


def _by_picture(path: str, content: Any) -> dict[str | int, list[Row]]:
    """Corners by picture."""
    rule = 'a list of detections, or an object of lists by picture'
    require(isinstance(content, dict), f'boxes {path}', rule, type(content).__name__)
    annotated = {'images', 'annotations'} <= content.keys()
    require(not annotated, f'boxes {path}', f"{rule}, no file of COCO's annotations", list(content))
    found: dict[str | int, list[Row]] = {}
    for key, boxes in content.items():
        where = f'boxes {path}: entry {key!r}'
        rule = 'a list of boxes, [[left, top, right, bottom], ...]'
        require(
            isinstance(boxes, list) and all(isinstance(b, list) for b in boxes), where, rule, boxes
        )
        rows = [_four(where, '[left, top, right, bottom]', box) for box in boxes]
        for box in rows:
            sound = box[2] > box[0] and box[3] > box[1]
            require(sound, where, 'boxes whose right and bottom exceed left and top', list(box))
        found[key] = [(*box, 1.0) for box in rows]
    return found


def _four(where: str, form: str, box: Any) -> tuple[float, float, float, float]:
    sound = isinstance(box, list) and len(box) == 4 and all(map(finite, box))
    require(sound, where, f'four finite numbers {form}', box)
    left, top, third, fourth = map(float, box)
    return left, top, third, fourth
