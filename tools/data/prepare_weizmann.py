"""Cut Weizmann strips (all frames of a clip side by side) into lossless videos.

    python tools/data/prepare_weizmann.py SRC OUT [--window 16] [--test-people 4 5]

SRC holds one folder per action, 0 (one hand waves), 1 (both hands wave), 3
(jumping jack) and 4 (bend), with strips named by an id; person = id // 8.
Leaves ``OUT/videos/**.mkv`` (FFV1, bit-exact) and ``OUT/train.txt``,
``OUT/test.txt``, split by person: nobody is in both. The clips of the training
people stay whole, for pipelines that draw windows at random; those of the test
people are cut into disjoint windows of ``--window`` frames, each a sample of
its own (frames left over at the end are dropped); ``--window 0`` keeps them whole.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mmrobust.io.video import write_lossless

# Folder -> class; the label is the position in this table.
ACTIONS = {'0': 'wave_one_hand', '1': 'wave_both_hands', '3': 'jumping_jack', '4': 'bend'}
IDS_PER_PERSON = 8
FPS = 25


def read_strip(path: Path) -> NDArray[np.uint8]:
    """Frames (T, H, H, 3), RGB, of a strip of square frames side by side."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError(f'not a readable image: {path}')
    height, width = image.shape[:2]
    if width % height:
        raise ValueError(f'width must be a multiple of the height, got {width}x{height}: {path}')
    strip = image[:, :, ::-1].reshape(height, width // height, height, 3)
    return np.ascontiguousarray(strip.transpose(1, 0, 2, 3))


def windows(frames: NDArray[np.uint8], length: int) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Disjoint runs of ``length`` frames, each with the number of its first frame."""
    for start in range(0, len(frames) - length + 1, length):
        yield start, frames[start : start + length]


def prepare(source: Path, out: Path, length: int, test_people: set[int]) -> dict[str, list[str]]:
    """Write all videos.

    Returns:
        Annotation lines (path below ``out / 'videos'`` and label) by split.
    """
    lines: dict[str, list[str]] = {'train': [], 'test': []}
    for label, (folder, action) in enumerate(ACTIONS.items()):
        strips = sorted((source / folder).glob('*.jpg'))
        if not strips:
            raise ValueError(f'no strips in {source / folder}')
        for strip in strips:
            person = int(strip.stem) // IDS_PER_PERSON
            split = 'test' if person in test_people else 'train'
            frames = read_strip(strip)
            size = length if split == 'test' and length else len(frames)
            for start, window in windows(frames, size):
                name = f'{action}/person{person}_{start:03d}.mkv'
                write_lossless(out / 'videos' / name, window, FPS)
                lines[split].append(f'{name} {label}')
    return lines


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('source', type=Path, help='folder with the folders 0, 1, 3, 4')
    parser.add_argument('out', type=Path, help='folder to write to')
    parser.add_argument('--window', type=int, default=16, help='frames of a test sample; 0: whole')
    parser.add_argument('--test-people', type=int, nargs='+', default=[4, 5])
    args = parser.parse_args()
    for split, lines in prepare(args.source, args.out, args.window, set(args.test_people)).items():
        (args.out / f'{split}.txt').write_text('\n'.join(lines) + '\n')
        print(f'{split}: {len(lines)} videos')


if __name__ == '__main__':
    main()
