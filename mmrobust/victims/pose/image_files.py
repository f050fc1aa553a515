"""Adversarial pictures, written so that the stock pipeline reads them as they were attacked."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import cv2
import numpy as np
import torch
from torch import Tensor

from mmrobust.datasets.wrappers import locate
from mmrobust.engine.saved_files import MARK, SavedFiles
from mmrobust.functional.checks import require
from mmrobust.io.atomic import replacing
from mmrobust.registry import SAVED_FILES
from mmrobust.victims.pose.cell_files import picture_file
from mmrobust.victims.pose.image_loading import ImageLayout
from mmrobust.victims.pose.images import Images


@SAVED_FILES.register_module()
class ImageFiles(SavedFiles):
    """Writes pictures under the names that the data set has for them.

    A folder of them takes the place of the data set's ``data_prefix.img``. The
    data are those of a PNG, whatever the name ends in: OpenCV, with which stock
    pipelines decode, goes by the data.

    Args:
        folder: Where to.
        pictures: The data set by picture.

    Raises:
        ValueError: Images lie outside of ``data_prefix.img``, two have the same
            name, or ``folder`` is the one that they are in.
    """

    kind, key = 'pictures', 'picture'

    def __init__(self, folder: Path, pictures: Images) -> None:
        super().__init__(folder)
        self.pictures, self._rehearsed = pictures, False
        self.names = [self._name(index) for index in range(len(pictures))]
        twice = sorted(name for name, count in Counter(self.names).items() if count > 1)
        require(not twice, 'save_adv', 'used where every picture has its own name', twice[:3])
        for name, path in zip(self.names, pictures.paths, strict=True):
            own = (folder / name).resolve() == Path(path).resolve()
            require(not own, 'save_adv', 'another folder than that of the pictures', folder)

    @classmethod
    def of(cls, folder: Path, dataset: Any, samples: Any) -> Self:
        """Of the pictures that the persons are in."""
        return cls(folder, samples)

    def _leaf(self, index: int) -> Any:
        return locate(self.pictures.dataset, self.pictures.persons[index][0])[0]

    def _name(self, index: int) -> str:
        prefix = (getattr(self._leaf(index), 'data_prefix', None) or {}).get('img')
        return picture_file(self.pictures.paths[index], prefix, 'save_adv')

    def existing(self) -> Iterator[Path]:
        """Files under the names of the pictures."""
        paths = (self.folder / name for name in self.names)
        return (path for path in paths if os.path.lexists(path))

    def owns(self, name: str) -> bool:
        """Whether it is a picture's, or the mark's."""
        return name == MARK or any(Path(own).name == name for own in self.names)

    def rehearse(self, index: int, layout: ImageLayout) -> None:
        """Write one clean picture and read it back, the first that comes.

        Raises:
            ValueError: The pipeline reads other pixels, for instance because its decoder
                knows no PNG.
        """
        if self._rehearsed:
            return
        with tempfile.TemporaryDirectory() as elsewhere:
            self._write(Path(elsewhere) / self.names[index], index, layout.picture)
        self._rehearsed = True

    def write(self, index: int, layout: ImageLayout, adversarial: Tensor) -> str:
        """Write a picture (C, H, W), uint8; returns its name in the folder.

        Raises:
            ValueError: The pipeline reads other pixels back.
        """
        with replacing(self.folder / self.names[index]) as path:
            self._write(path, index, adversarial)
        return self.names[index]

    def read(self, index: int, layout: ImageLayout) -> Tensor:
        """The saved picture (C, H, W), as the pipeline reads it."""
        picture = self._leaf(index).pipeline.read(str(self.folder / self.names[index]))
        return torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)

    def finish(self, rows: list[dict[str, Any]]) -> None:
        """Nothing: the data set has its own list of pictures."""

    def _write(self, path: Path, index: int, pixels: Tensor) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = np.ascontiguousarray(pixels.cpu().permute(1, 2, 0).numpy())
        path.write_bytes(cv2.imencode('.png', picture)[1].tobytes())
        again = self._leaf(index).pipeline.read(str(path))
        same = np.array_equal(again, picture)
        rule = 'used with a pipeline that reads PNG as BGR'
        require(same, 'save_adv', rule, str(self.folder / self.names[index]))
