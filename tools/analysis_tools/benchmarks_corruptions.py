"""What natural corruptions cost: beside the reference package, and beside the model.

15 kinds at five severities of a clip of 32 frames of 128 x 96 (without frost 14, where its
photographs are missing), time of the processor over that of `imagecorruptions`, called frame
by frame as it is made for, if it is installed (goal: a seventh). And a run of all cells of the
demo's recogniser over as many clean passes, each of which renders, decodes and packs the video
anew (goal: 0.8).
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from rich.console import Console

import mmrobust as mr
from mmrobust.corruptions import Clip, Corruption, Draws
from mmrobust.datasets.synthetic import render
from mmrobust.datasets.synthetic.visibility import figure_boxes
from mmrobust.engine.corruption_configs import cannot_be_made, corruptions_of
from mmrobust.registry import DATASETS
from mmrobust.victims.action.cells import VideoCells
from mmrobust.visualization.terminal import numbers_table, print_numbers

CONFIG = 'configs/demo/i3d-tiny_16x1x2_synthetic-rgb.py'
CHECKPOINT = 'mmrobust/resources/demo_victim.pth'
SEVERITIES = [1, 2, 3, 4, 5]
FRAMES, QUICK_FRAMES = 32, 2


def run(quick: bool) -> None:
    """Both comparisons."""
    torch.set_num_threads(1)
    chosen = [kind for kind in corruptions_of(['imagenet_c']) if isinstance(kind, Corruption)]
    kinds = [kind for kind in chosen if cannot_be_made(kind) is None]
    frames = render(0, split='test').frames[: QUICK_FRAMES if quick else FRAMES]
    _against_reference(kinds, Clip(np.ascontiguousarray(frames)))
    _against_clean_passes(kinds, 1 if quick else 4)


def _against_reference(kinds: list[Corruption], clip: Clip) -> None:
    try:
        reference = importlib.import_module('imagecorruptions')
    except ImportError:
        reference = None
    lines, totals = [], [0.0, 0.0]
    for kind in kinds:
        own = _seconds(kind.ladder(clip, Draws(0, kind.name, 0), SEVERITIES))
        theirs = 0.0 if reference is None else _seconds(_by_reference(reference, kind, clip))
        totals = [totals[0] + own, totals[1] + theirs]
        ratio = f'{own / theirs:.3f}' if theirs else '-'
        lines.append(
            [kind.name, f'{1000 * own:.0f}', f'{1000 * theirs:.0f}' if theirs else '-', ratio]
        )
    whole = f'{totals[0] / totals[1]:.3f}' if totals[1] else '-'
    lines.append(['all', f'{1000 * totals[0]:.0f}', f'{1000 * totals[1]:.0f}', whole])
    rows, columns = clip.size
    title = (
        f'{len(kinds)} kinds x {len(SEVERITIES)}, {len(clip.frames)} frames of {columns} x {rows}'
    )
    Console().print(f'\n{title}\n')
    print_numbers(Console(), numbers_table(('kind', 'ms', 'reference, ms', 'ratio'), lines))


def _by_reference(package: Any, kind: Corruption, clip: Clip) -> Iterator[Any]:
    for severity in SEVERITIES:
        for frame in clip.frames:
            yield package.corrupt(frame, corruption_name=kind.name, severity=severity)


def _seconds(work: Iterator[Any]) -> float:
    began = time.process_time()
    for _ in work:
        pass
    return time.process_time() - began


def _rendered_anew(index: int) -> tuple[Any, Any]:
    """A video and its boxes, past the set's own cache."""
    scene = render(index, split='test')
    return scene.frames, figure_boxes(scene.parts)[:, None]


def _against_clean_passes(kinds: list[Corruption], videos: int) -> None:
    """The loop's own path, without its ledger, over clean passes of the stock path."""
    victim = mr.load_victim(CONFIG, CHECKPOINT, device='cpu', space='view')
    init_default_scope('mmaction')
    data = Config.fromfile(CONFIG).test_dataloader.dataset
    cells = 1 + len(kinds) * len(SEVERITIES)

    def clean_passes() -> Iterator[Any]:
        for index in range(videos):
            for _ in range(cells):
                dataset: Any = DATASETS.build(data)
                dataset._frames[index] = _rendered_anew(index)
                yield victim.model.test_step(pseudo_collate([dataset[index]]))

    def corrupted() -> Iterator[Any]:
        dataset: Any = DATASETS.build(data)
        dataset.pipeline = VideoCells(dataset.pipeline.transforms, whole=False)
        for index in range(videos):
            dataset._frames[index] = _rendered_anew(index)
            prepared = dataset[index]['mmrobust_layout']
            for kind in kinds:
                draws = Draws(0, kind.name, index)
                for frames in kind.ladder(prepared.canvas, draws, SEVERITIES):
                    packed = dataset.pipeline.finish(prepared, frames)
                    yield victim.model.test_step(pseudo_collate([packed]))

    with torch.no_grad():
        own, clean = _seconds(corrupted()), _seconds(clean_passes())
    print(f'\n{cells - 1} cells of {videos} videos over as many clean passes: {own / clean:.2f}')
