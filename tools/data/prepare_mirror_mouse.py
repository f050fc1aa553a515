"""Annotations in COCO's format for the mirror-mouse frames, split by their order.

    python tools/data/prepare_mirror_mouse.py SRC OUT [--test 18]

SRC is the folder ``data/mirror-mouse-example`` of paninski-lab/lightning-pose:
90 labelled frames (``CollectedData.csv``, in DeepLabCut's layout) of one mouse
on a wheel, seen from the side and, in a mirror, from below. Leaves
``OUT/train.json``, ``OUT/test.json`` and, as a pose to aim at,
``OUT/mirrored.json``; the last ``--test`` labelled frames are the test, without
those that nearly repeat an earlier one of them: frames that are alike are no
two samples. Images stay where they are and are named by their full path.

There is one instance per frame, and its box is the image: the two views fill
it. A part without a label has flag 0.
"""

import argparse
import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

HEADER_ROWS = 3  # scorer, body parts, coordinates
# Mean difference of grey thumbnails below which two frames are alike: nearest frames of
# training and test differ by 9.0 and more, two pairs of the test by 6.3 and 8.0.
ALIKE = 8.5
THUMBNAIL = (64, 64)


def read_labels(path: Path) -> tuple[list[str], dict[str, NDArray[np.float64]]]:
    """Part names (K), and per frame the places (K, 2) in pixels, NaN where there is no label."""
    with path.open(newline='') as file:
        rows = [row for row in csv.reader(file) if row]
    if len(rows) <= HEADER_ROWS:
        raise ValueError(f'no labelled frame in {path}')
    names = rows[1][1::2]
    places = {
        row[0]: np.array([float(cell or 'nan') for cell in row[1:]]).reshape(len(names), 2)
        for row in rows[HEADER_ROWS:]
    }
    return names, places


def annotation(number: int, place: NDArray[np.float64], size: tuple[int, int]) -> dict[str, Any]:
    """One instance as COCO writes it; ``size`` is (width, height) of the image."""
    known = np.isfinite(place).all(1)
    triplets = np.concatenate([np.where(known[:, None], place, 0), 2 * known[:, None]], 1)
    return dict(
        id=number,
        image_id=number,
        category_id=1,
        iscrowd=0,
        bbox=[0, 0, *size],
        area=size[0] * size[1],
        keypoints=triplets.ravel().tolist(),
        num_keypoints=int(known.sum()),
    )


def thumbnail(image: NDArray[Any]) -> NDArray[np.float64]:
    """A BGR image, small and grey."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return cv2.resize(grey, THUMBNAIL, interpolation=cv2.INTER_AREA).astype(np.float64)


def unlike(thumbnails: Sequence[NDArray[np.float64]], first: int) -> list[int]:
    """The frames from ``first`` on that repeat none of those before them, ``first`` on."""
    kept: list[int] = []
    for i in range(first, len(thumbnails)):
        if all(np.abs(thumbnails[i] - thumbnails[j]).mean() >= ALIKE for j in kept):
            kept.append(i)
    return kept


def prepare(source: Path, out: Path, test: int) -> dict[str, int]:
    """Write all files.

    Args:
        source: Folder with ``CollectedData.csv`` and ``labeled-data``.
        out: Folder to write to; made if missing.
        test: Frames at the end of the list that are the test.

    Returns:
        Number of frames by split, and of those that were left out.

    Raises:
        ValueError: No labels, an unreadable image, or no frame left for training.
    """
    names, places = read_labels(source / 'CollectedData.csv')
    if not 1 <= test < len(places):
        raise ValueError(f'test must be 1 to {len(places) - 1} frames, got {test}')
    images, annotations, thumbnails = [], [], []
    for number, (file, place) in enumerate(places.items(), 1):
        path = (source / file).resolve()
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is None:
            raise ValueError(f'not a readable image: {path}')
        height, width = image.shape[:2]
        thumbnails.append(thumbnail(image))
        images.append(dict(id=number, file_name=str(path), width=width, height=height))
        annotations.append(annotation(number, place, (width, height)))
    category = dict(id=1, name='mouse', keypoints=names)
    out.mkdir(parents=True, exist_ok=True)
    first = len(places) - test
    parts = {'train': list(range(first)), 'test': unlike(thumbnails, first)}
    for split, part in parts.items():
        of = {'images': [images[i] for i in part], 'annotations': [annotations[i] for i in part]}
        (out / f'{split}.json').write_text(json.dumps({**of, 'categories': [category]}))
    write_mirrored([annotations[i] for i in parts['train']], out / 'mirrored.json')
    counts = {split: len(part) for split, part in parts.items()}
    return counts | {'left out as alike': test - counts['test']}


def write_mirrored(frames: Sequence[dict[str, Any]], path: Path) -> None:
    """The training frame with the most labelled parts, mirrored, as a target pose.

    All frames show the mouse facing one way: every pose of theirs is near to every other,
    so that the mean pose would reach it.
    """
    numbers = max(frames, key=lambda frame: int(frame['num_keypoints']))['keypoints']
    triplets = zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True)
    path.write_text(json.dumps([[-x, y] if flag else None for x, y, flag in triplets]) + '\n')


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('source', type=Path, help='folder with CollectedData.csv')
    parser.add_argument('out', type=Path, help='folder to write to')
    parser.add_argument('--test', type=int, default=18, help='frames at the end: the test')
    args = parser.parse_args()
    for split, count in prepare(args.source, args.out, args.test).items():
        print(f'{split}: {count} frames')


if __name__ == '__main__':
    main()
