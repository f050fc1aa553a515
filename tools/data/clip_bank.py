"""Make a bank of clips for the input transform Admix out of videos.

One clip a video: frames at equal distances from its first to its last, brought to one size.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mmrobust.functional.checks import require
from mmrobust.io.atomic import replacing
from mmrobust.io.video import read_video


def main(words: Sequence[str] | None = None) -> int:
    """Read the videos and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('out', type=Path, help='the .npy file to write')
    parser.add_argument('videos', type=Path, nargs='+')
    parser.add_argument('--frames', type=int, default=16, help='of each clip')
    parser.add_argument('--size', type=int, nargs=2, default=(112, 112), metavar=('H', 'W'))
    args = parser.parse_args(words)
    try:
        require(args.out.suffix == '.npy', 'OUT', 'a .npy file', str(args.out))
        numbers = (args.frames, *args.size)
        require(min(numbers) >= 1, '--frames and --size', 'numbers >= 1', numbers)
        clips = np.stack([clip_of(path, args.frames, tuple(args.size)) for path in args.videos])
        with replacing(args.out) as temporary, open(temporary, 'wb') as file:
            np.save(file, clips)
    except (ValueError, OSError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 2
    print(f'{args.out}: {len(clips)} clips {clips.shape[1:]}')
    return 0


def clip_of(path: Path, length: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    """A clip (T, H, W, 3) of a video."""
    try:
        frames, _ = read_video(path)
    except (ValueError, OSError) as error:
        raise ValueError(f'VIDEOS must be videos, got {path}: {error}') from error
    chosen = frames[np.linspace(0, len(frames) - 1, length).round().astype(int)]
    area = [cv2.resize(one, size[::-1], interpolation=cv2.INTER_AREA) for one in chosen]
    return np.stack(area)


if __name__ == '__main__':
    sys.exit(main())
