"""Pictures as PNG, and all those of a run on one contact sheet.

Shapes: H rows, W columns; pictures are uint8 RGB (H, W, 3).
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from mmrobust.io.atomic import replacing
from mmrobust.visualization.lettering import SMALL
from mmrobust.visualization.panels import GAP, Frame, tiled

COLUMNS = 2
# Pixels: 7 inches, the width of a page's text, at 300 an inch.
PRINTED = 2100
# Size of the letters of captions and titles, of a sample's width.
LETTERS = (1 / 44, 1 / 37)


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
    """Write the pictures of several samples as one that fits on a page of paper.

    It is at most 2100 pixels wide, which is 300 an inch over 7 inches; letters are then of about
    6 points.

    Args:
        path: The .png file; missing folders are made.
        samples: Of each its name, what happened to it, and its picture; at
            least one.
        columns: Pictures in a row.
    """
    room = (PRINTED - (columns - 1) * GAP) // columns
    pictures = [_at_most(room, picture) for *_, picture in samples]
    width = max(picture.shape[1] for picture in pictures)
    small, large = (max(SMALL, round(width * part)) for part in LETTERS)
    tiles = [
        (name, tiled([(words, picture)], 1, small, lines=2))
        for (name, words, _), picture in zip(samples, pictures, strict=True)
    ]
    write_picture(path, tiled(tiles, columns, large))


def _at_most(width: int, picture: Frame) -> Frame:
    """A picture that is reduced to ``width`` columns where it has more."""
    if picture.shape[1] <= width:
        return picture
    size = width, max(1, round(picture.shape[0] * width / picture.shape[1]))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
