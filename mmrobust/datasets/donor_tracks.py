"""Tracks of named classes, parts of which others may get.

Shapes: M persons, T frames, V joints, C coordinates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmrobust.compat.data_pickles import read_tracks
from mmrobust.functional.checks import require, whole

RULE = 'an annotation file of skeletons (.pkl), or a list of dict(label=..., keypoint=...)'


class DonorTracks:
    """The first persons of annotated tracks, by class.

    Args:
        source: An annotation file as MMAction2's ``PoseDataset`` reads it, all splits of it; or a
            list of dicts with ``label`` and ``keypoint`` (M, T, V, C).

    Raises:
        OSError: There is no such file.
        ValueError: It is something else.
    """

    def __init__(self, source: str | Sequence[Mapping[str, Any]]) -> None:
        found: Any = source
        if isinstance(source, str):
            require(Path(source).is_file(), 'donors', RULE, source)
            found = read_tracks(source)
            found = found.get('annotations') if isinstance(found, Mapping) else found
        listed = isinstance(found, list | tuple) and len(found) > 0
        require(listed, 'donors', RULE, type(found).__name__)
        self.tracks = [_track(number, one) for number, one in enumerate(found)]

    def drawn(
        self, classes: Sequence[int], shape: tuple[int, int], order: torch.Generator
    ) -> Tensor:
        """The first person (T, V, C) of a random track, double precision; 0: not found.

        Args:
            classes: Those that it may be of.
            shape: V and C.
            order: On the CPU.

        Raises:
            ValueError: There is none of those classes and that shape.
        """
        fitting = [
            track[0]
            for label, track in self.tracks
            if label in classes and track.shape[2] == shape[0] and track.shape[3] >= shape[1]
        ]
        rule = f'tracks of {shape[0]} joints and {shape[1]} coordinates, of another class'
        require(bool(fitting), 'donors', rule, f'those of classes {sorted(self.classes)}')
        chosen = fitting[int(torch.randint(len(fitting), (), generator=order))]
        # Behind the places may stand a score.
        return torch.from_numpy(chosen[..., : shape[1]].copy())

    @property
    def classes(self) -> set[int]:
        """Of which there are tracks."""
        return {label for label, _ in self.tracks}


def _track(number: int, one: Any) -> tuple[int, np.ndarray[Any, np.dtype[np.float64]]]:
    where = f'donors[{number}]'
    known = isinstance(one, Mapping) and {'label', 'keypoint'} <= {*one}
    require(known, where, 'a dict with label and keypoint', type(one).__name__)
    label = one['label']
    require(whole(label, 0), f'{where}.label', 'a class index', label)
    track = np.asarray(one['keypoint'], dtype=np.float64)
    fits = track.ndim == 4 and track.size > 0 and bool(np.isfinite(track).all())
    require(fits, f'{where}.keypoint', 'finite, of shape (persons, frames, joints, C)', track.shape)
    return int(label), track
