"""Corrupted photographs as files.

Shapes: H, W pixels.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mmrobust.datasets.clips import Results
from mmrobust.datasets.files import PICTURES
from mmrobust.functional.checks import require
from mmrobust.io.atomic import replacing
from mmrobust.victims.cells import CellFiles, Prepared


class PictureCellFiles(CellFiles):
    """PNG data under the name that the data set has for the picture.

    The folder of a cell takes the place of the data set's ``data_prefix.img``: OpenCV, with
    which stock pipelines decode, goes by the data, whatever the name ends in. Persons of one
    picture share its file, as they share the draws.

    Args:
        load: The pipeline's own ``LoadImage``.
        prepared: The sample.
        folder: ``data_prefix.img`` of the data set, if it has one.

    Raises:
        ValueError: The picture lies outside of ``folder``.
    """

    def __init__(
        self, load: Callable[[Results], Results], prepared: Prepared, folder: str | None
    ) -> None:
        self.load = load
        name = picture_file(str(prepared.info.get('img_path', '')), folder, '--save')
        # A data set that draws its pictures gives them names without an ending.
        self.name = name if Path(name).suffix.lower() in PICTURES else f'{name}.png'

    def write(self, path: Path, frames: NDArray[np.uint8], *, whole: bool) -> None:
        """Write the picture, unless it is there already."""
        picture = np.ascontiguousarray(frames[0][..., ::-1])
        data = cv2.imencode('.png', picture)[1].tobytes()
        if path.is_file():
            rule = 'used where every picture has its own name, in a folder that nobody changes'
            require(path.read_bytes() == data, '--save', rule, f'{path} with other pixels')
            return
        with replacing(path) as temporary:
            temporary.write_bytes(data)
            again: Any = self.load({'img_path': str(temporary)})['img']
            same = np.array_equal(again, picture)
            require(same, '--save', 'used with a pipeline that reads PNG as BGR', str(path))


def picture_file(path: str, folder: str | None, option: str) -> str:
    """What a picture is called below the folder of a data set's pictures.

    Raises:
        ValueError: It lies outside.
    """
    name = os.path.relpath(path, folder) if folder else os.path.normpath(path)
    inside = not Path(name).is_absolute() and '..' not in Path(name).parts
    rule = "used with pictures below the data set's data_prefix.img"
    require(inside, option, rule, (path, folder))
    return name
