"""Write the embedded videos as lossless files for stock data sets.

    python tools/data/make_synthetic.py OUT [--split test] [--num-videos 60] [--seed 0]

Leaves ``OUT/videos/{split}/00000.mkv`` ... (FFV1: decord, PyAV and OpenCV read
back the rendered frames bit for bit) and ``OUT/{split}.txt``, the list for

    dict(type='VideoDataset', ann_file='OUT/test.txt', data_prefix=dict(video='OUT/videos'))
"""

import argparse
from pathlib import Path

from mmrobust.datasets.synthetic import CLASSES, SPLITS, synthesize
from mmrobust.io.video import write_lossless

FPS = 16


def write_split(out: Path, split: str, num_videos: int, seed: int) -> Path:
    """Write one split.

    Returns:
        The annotation list: lines of a path below ``out / 'videos'`` and a label.
    """
    lines = []
    for index in range(num_videos):
        sample = synthesize(index, seed=seed, split=split)
        name = f'{split}/{index:05d}.mkv'
        write_lossless(out / 'videos' / name, sample.frames, FPS)
        lines.append(f'{name} {sample.label}\n')
    annotations = out / f'{split}.txt'
    annotations.write_text(''.join(lines))
    return annotations


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('out', type=Path, help='folder to write to')
    parser.add_argument('--split', choices=SPLITS, nargs='+', default=['test'])
    parser.add_argument('--num-videos', type=int, default=60, help='per split')
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    for split in args.split:
        print(write_split(args.out, split, args.num_videos, args.seed))
    (args.out / 'classes.txt').write_text('\n'.join(CLASSES) + '\n')


if __name__ == '__main__':
    main()
