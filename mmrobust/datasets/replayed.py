"""Samples of a data set with saved pictures in the place of their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmrobust.datasets.other_box import with_box
from mmrobust.datasets.wrappers import locate

File = tuple[int, Path, Sequence[float] | None]
# What names, or is, the picture that the data set would open.
OWN = ('img', 'frame', 'video')


class Replayed:
    """Annotations and pipeline are the data set's own; only the file that is opened is another.

    Args:
        dataset: An MMPose data set, wrapped or not.
        files: Index in the data set, path of the saved picture, and the box (4,) with which the
            person is cut out of it (None: its own), in the order of the items.

    Attributes:
        metainfo: Of the data set.
        indices: Of the items in the data set.
    """

    def __init__(self, dataset: Any, files: Sequence[File]) -> None:
        self.dataset, self.files = dataset, list(files)
        self.metainfo = dataset.metainfo
        self.indices = [index for index, *_ in self.files]

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, item: int) -> Any:
        """Packed inputs and data sample, as the stock pipeline makes them of the file."""
        index, path, box = self.files[item]
        leaf, inner = locate(self.dataset, index)
        info = leaf.get_data_info(inner)
        info = {key: value for key, value in info.items() if key not in OWN}
        info |= {'img_path': str(path)}
        if box is None:
            return leaf.pipeline(info)
        load, *rest = leaf.pipeline.transforms
        return with_box(rest, load(info), np.asarray(box))
