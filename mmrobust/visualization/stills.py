"""Pictures as PNG, and all those of a run on one contact sheet.

Shapes: H rows, W columns; pictures are uint8 RGB (H, W, 3).
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from mmrobust.io.atomic import replacing
from mmrobust.visualization.lettering import LARGE, SMALL
from mmrobust.visualization.panels import Frame, tiled

COLUMNS = 2


def encoded(picture: Frame) -> bytes:
    """The content of a .png file."""
    return cv2.imencode('.png', picture[..., ::-1])[1].tobytes()


def write_picture(path: Path, picture: Frame) -> None:
    """Write a .png file, which appears only when it is complete; missing folders are made."""
    with replacing(path) as temporary:
        temporary.write_bytes(encoded(picture))


def decoded(content: bytes) -> Frame:
    """The picture of a .png file's content."""
    found = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    picture: Frame = np.ascontiguousarray(found[..., ::-1])
    return picture


def write_contact_sheet(
    path: Path, samples: Sequence[tuple[str, str, Frame]], columns: int = COLUMNS
) -> None:
    """Write the pictures of several samples as one.

    Args:
        path: The .png file; missing folders are made.
        samples: Of each its name, what happened to it, and its picture; at
            least one.
        columns: Pictures in a row.
    """
    width = max(picture.shape[1] for *_, picture in samples)
    small = max(SMALL, width // 60)
    tiles = [(name, tiled([(words, picture)], 1, small)) for name, words, picture in samples]
    write_picture(path, tiled(tiles, columns, max(LARGE, width // 38)))
