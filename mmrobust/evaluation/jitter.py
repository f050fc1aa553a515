"""How poses move over the frames of videos, clean and under corruption.

Shapes: T frames, K joints.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mmrobust.evaluation.corruptions import CLEAN, cell_name
from mmrobust.evaluation.summary import Row, mean
from mmrobust.functional.pose_jitter import movement

MEASURES = ('jitter', 'reference_jitter', 'acceleration_error', 'flicker')
# Windows of the third difference.
SHORTEST = 4
Track = list[Row]


def jitter_summary(
    rows: Sequence[Row], kinds: Sequence[str], severities: Sequence[int]
) -> dict[str, Any] | None:
    """Jitter of the clean cell, and of each kind at each severity.

    Args:
        rows: Lines of samples that could be loaded; those of videos have a ``place``.
        kinds: Of corruption.
        severities: Which there are.

    Returns:
        ``reference``: ``truth``, or ``clean`` where something is not annotated: the clean
        prediction then stands for it; numbers of ``tracks`` and ``frames``, and of frames with
        persons whom nobody tells apart (``untracked``), which are left out; ``clean`` and
        ``kinds`` with means over all windows, joints and tracks, None where there is none. None
        where no person is followed for four frames.
    """
    tracks, untracked = _tracks(rows)
    if not any(len(track) >= SHORTEST for track in tracks):
        return None
    annotated = all(row['place']['truth'] is not None for track in tracks for row in track)
    table = {
        kind: {s: _of_cell(tracks, cell_name(kind, s), annotated) for s in severities}
        for kind in kinds
    }
    return {
        'reference': 'truth' if annotated else 'clean',
        'tracks': len(tracks),
        'frames': sum(map(len, tracks)),
        'untracked': untracked,
        'clean': _of_cell(tracks, CLEAN, annotated),
        'kinds': {
            kind: {'cells': cells, 'jitter': _mean_of(cells)} for kind, cells in table.items()
        },
    }


def _tracks(rows: Sequence[Row]) -> tuple[list[Track], int]:
    """Persons through their videos, frames ascending; and frames that are left out."""
    placed = [row for row in rows if row.get('place')]
    keys = Counter(_key(row) + (row['place']['frame'],) for row in placed)
    found: dict[Any, Track] = {}
    for row in placed:
        if keys[_key(row) + (row['place']['frame'],)] == 1:
            found.setdefault(_key(row), []).append(row)
    for track in found.values():
        track.sort(key=lambda row: int(row['place']['frame']))
    return list(found.values()), sum(1 for count in keys.values() if count > 1)


def _key(row: Row) -> tuple[Any, ...]:
    return row['place']['video'], row['place']['track']


def _of_cell(tracks: Sequence[Track], cell: str, annotated: bool) -> dict[str, float | None]:
    values: dict[str, list[Any]] = {name: [] for name in MEASURES}
    for track in tracks:
        # A frame without the cell is a gap, which nothing is measured across.
        made = [row for row in track if 'pose' in row['cells'][cell]]
        if not made:
            continue
        places = [row['place'] for row in made]
        predicted = _poses(row['cells'][cell]['pose'] for row in made)
        if annotated:
            reference = _poses(place['truth'] for place in places)
            seen = np.array([place['visible'] for place in places], bool)
        else:
            reference = _poses(row['cells'][CLEAN]['pose'] for row in made)
            seen = np.ones(reference.shape[:2], bool)
        frames = np.array([place['frame'] for place in places])
        sides = np.array([place['side'] for place in places], np.float64)
        for name, found in movement(predicted, reference, frames, seen, sides).items():
            values[name].append(found)
    return {
        name: mean(np.concatenate(found).tolist()) if found else None
        for name, found in values.items()
    }


def _poses(poses: Any) -> Any:
    return np.array(list(poses), np.float64)


def _mean_of(cells: Mapping[int, Mapping[str, float | None]]) -> float | None:
    """Over the severities; None where one is missing."""
    found = [cell['jitter'] for cell in cells.values()]
    return None if None in found else mean(value for value in found if value is not None)
