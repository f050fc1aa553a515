"""Adversarial tracks, in the type of their file, and a pickle that ``PoseDataset`` reads."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from torch import Tensor

from mmrobust.datasets.wrappers import leaves, locate
from mmrobust.engine.saved_files import MARK, SavedFiles
from mmrobust.functional.checks import require
from mmrobust.io.atomic import replacing
from mmrobust.registry import SAVED_FILES
from mmrobust.victims.skeleton.layout import TrackLayout

NAME = re.compile(r'\d{6,}\.npy')
LIST = 'tracks.pkl'
# Of one corrupted track.
TRACK = '.npz'
# What a data set adds to the annotation of its file.
ADDED = ('sample_idx', 'modality', 'start_index')


@SAVED_FILES.register_module()
class TrackFiles(SavedFiles):
    """Writes each track under its index, and at the end all of them as one annotation file.

    Args:
        folder: Where to.
        dataset: The data set, or a wrapper.

    Raises:
        ValueError: The data set's own file is the one that would be written.
    """

    kind, key = 'tracks', 'track'

    def __init__(self, folder: Path, dataset: Any) -> None:
        super().__init__(folder)
        self.dataset = dataset
        for leaf in leaves(dataset):
            file = getattr(leaf, 'ann_file', None)
            own = isinstance(file, str) and Path(file).resolve() == (folder / LIST).resolve()
            require(not own, 'save_adv', 'another folder than that of the tracks', str(folder))

    @classmethod
    def of(cls, folder: Path, dataset: Any, samples: Any) -> Self:
        """Of the data set's tracks."""
        return cls(folder, dataset)

    def existing(self) -> Iterator[Path]:
        """Tracks named by an index, and their annotation file."""
        return (
            path for path in self.folder.iterdir() if self.owns(path.name) and path.name != MARK
        )

    def owns(self, name: str) -> bool:
        """Whether it is an index's, the annotation file's or the mark's."""
        return name in (LIST, MARK) or NAME.fullmatch(name) is not None

    def rehearse(self, index: int, layout: TrackLayout) -> None:
        """Compare the clean track with the data set's.

        Raises:
            ValueError: The data set returns another one each time.
        """
        _, clean = layout.stored.track(layout.pixels())
        same = np.array_equal(clean, self._annotation(index)['keypoint'])
        require(same, 'save_adv', 'used with a data set that returns the same tracks', index)

    def write(self, index: int, layout: TrackLayout, adversarial: Tensor) -> str:
        """Write the track (M, T, V, C) of pixels (C, T, V, M); returns its name in the folder."""
        name = f'{index:06d}.npy'
        _, stored = layout.stored.track(adversarial.double().cpu())
        with replacing(self.folder / name) as temporary:
            np.save(temporary, stored, allow_pickle=False)
        return name

    def read(self, index: int, layout: TrackLayout) -> Tensor:
        """The pixels (C, T, V, M) of the saved track, in sizes of the clean one's bodies."""
        track = np.load(self.folder / f'{index:06d}.npy', allow_pickle=False)
        return replace(layout.stored, keypoint=track).pixels()

    def finish(self, rows: list[dict[str, Any]]) -> None:
        """Write all tracks with what their annotations say besides."""
        found = []
        for row in rows:
            if self.key in row:
                track = np.load(self.folder / row[self.key], allow_pickle=False)
                found.append(self._annotation(row['index']) | {'keypoint': track})
        write_annotations(self.folder / LIST, found)

    def _annotation(self, index: int) -> dict[str, Any]:
        return annotation_of(self.dataset, index)


def write_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write what corruptions change of an annotation; the same arrays give the same file."""
    with replacing(path) as temporary, temporary.open('wb') as file:
        np.savez(file, **arrays)


def read_arrays(path: Path) -> dict[str, Any]:
    """What ``write_arrays`` was given, and the number of frames."""
    with np.load(path, allow_pickle=False) as file:
        found = dict(file)
    return found | {'total_frames': found['keypoint'].shape[1]}


def annotation_of(dataset: Any, index: int) -> dict[str, Any]:
    """What the file of a data set says of a sample."""
    leaf, inner = locate(dataset, index)
    info = leaf.get_data_info(inner)
    return {name: value for name, value in info.items() if name not in ADDED}


def write_annotations(path: Path, annotations: Sequence[Mapping[str, Any]]) -> None:
    """Write a file that ``PoseDataset`` reads; it appears only when complete."""
    with replacing(path) as temporary:
        temporary.write_bytes(pickle.dumps(list(annotations), protocol=4))
