"""One frame of an embedded video under every kind of corruption, or of cue, as one picture.

Kinds that cannot run here are named and left out, and so are those that change the order of
frames or how they are coded.
"""

import argparse
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from mmrobust.corruptions import Clip, Corruption, Draws
from mmrobust.corruptions.clip import Frames
from mmrobust.corruptions.cues import Cue
from mmrobust.datasets import SyntheticVideoDataset
from mmrobust.datasets.synthetic import render
from mmrobust.engine.corruption_configs import corruptions_of
from mmrobust.registry import CORRUPTIONS

FRAME, COLUMNS, GAP, LINE = 16, 6, 6, 16


def kinds() -> list[Corruption]:
    """Those of pictures, by group and name."""
    found = [cls() for cls in CORRUPTIONS.everything().values()]
    pictures = [kind for kind in found if kind.level in ('frame', 'clip')]
    return sorted(pictures, key=lambda kind: (kind.group, kind.name))


def tiles(severity: int, seed: int) -> dict[str, Frames]:
    """Name -> the frame (H, W, 3); the clean one first."""
    clip = Clip(render(1, split='test').frames)
    found = {'clean': clip.frames[FRAME]}
    for kind in kinds():
        try:
            found[kind.name] = kind(clip, severity, Draws(seed, kind.name, 0))[FRAME]
        except ModuleNotFoundError as error:
            print(f'left out: {error}')
    return found


def cue_tiles(seed: int) -> dict[str, Frames]:
    """Name -> the frame (H, W, 3) of every cue in the list; the clean one first."""
    stage = SyntheticVideoDataset(num_videos=60, pipeline=[], split='test').stage(1)
    found = {'clean': stage.film()[FRAME]}
    for cue in corruptions_of(['cue']):
        assert isinstance(cue, Cue)
        found[cue.name] = cue.shot(stage, Draws(seed, cue.draws, 1))[FRAME]
    return found


def sheet(pictures: dict[str, Frames]) -> Image.Image:
    """All in rows, each under its name."""
    rows, columns = next(iter(pictures.values())).shape[:2]
    wide, high = columns + GAP, rows + LINE + GAP
    lines = -(-len(pictures) // COLUMNS)
    page = Image.new('RGB', (COLUMNS * wide + GAP, lines * high + GAP), 'white')
    pen = ImageDraw.Draw(page)
    for number, (name, frame) in enumerate(pictures.items()):
        corner = GAP + number % COLUMNS * wide, GAP + number // COLUMNS * high
        pen.text(corner, name, fill='black', font=ImageFont.load_default(11))
        page.paste(Image.fromarray(frame), (corner[0], corner[1] + LINE))
    return page


def main() -> int:
    """Draw all kinds and write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('out', type=Path, help='the picture to write')
    parser.add_argument('--cues', action='store_true', help='the list of cues, without severities')
    parser.add_argument('--severity', type=int, default=3, choices=range(1, 6))
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    pictures = cue_tiles(args.seed) if args.cues else tiles(args.severity, args.seed)
    sheet(pictures).save(args.out, quality=90)
    which = 'of cue' if args.cues else f'at severity {args.severity}'
    print(f'{args.out}: {len(pictures) - 1} kinds {which}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
