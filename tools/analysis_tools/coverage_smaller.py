"""Fewer clips and crops of a test pipeline, where a sample has too many pixels for the time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

DATASET = 'test_dataloader.dataset'
CROPS = {'TenCrop': 10, 'ThreeCrop': 3, 'CenterCrop': 1}
SAMPLERS = ('SampleFrames', 'DenseSampleFrames', 'UniformSample', 'UniformSampleFrames')
# Of DenseSampleFrames, where its config says nothing.
POSITIONS = 10
# Heads that average frames, however many they are; others are made for their number.
ANY_NUMBER = ('TSNHead',)
FEW_FRAMES = 3
WORDS = {'num_sample_positions': 'starts', 'num_clips': 'clips'}
Step = Mapping[str, Any]


def smaller(config: Any, most: float) -> tuple[dict[str, Any], str]:
    """Options that leave a sample at most so many pixels, if clips and crops can; and words for it.

    Clips go first, then crops. Frames of a clip and the size of a crop are the network's own.

    Args:
        config: Of a recogniser; others stay as they are.
        most: Frames times views times pixels.
    """
    options: dict[str, Any] = {}
    words: list[str] = []
    head = (config.get('model') or {}).get('cls_head') or {}
    for place, steps in _pipelines(config.test_dataloader.dataset, DATASET):
        crop, sample = _find(steps, tuple(CROPS)), _find(steps, SAMPLERS)
        if sample is None:
            continue
        kind, side = ('CenterCrop', _resized(steps)) if crop is None else _crop(steps[crop])
        views = CROPS[kind] * side
        for key, fewer in _fewest(steps[sample], head).items():
            count = _frames(steps[sample])
            before = count[key]
            if math.prod(count.values()) * views > most and fewer < before:
                options[f'{place}.{sample}.{key}'] = fewer
                steps[sample][key] = fewer
                words.append(f'{before} {WORDS[key]} to {fewer}')
        if math.prod(_frames(steps[sample]).values()) * views > most and CROPS[kind] > 1:
            options[f'{place}.{crop}.type'] = 'CenterCrop'
            words.append(f'{kind} to CenterCrop')
    return options, ', '.join(dict.fromkeys(words))


def _frames(step: Step) -> dict[str, int]:
    """What multiplies to the number of frames that a sampler gives."""
    dense = step['type'] == 'DenseSampleFrames'
    return {
        'clip_len': step.get('clip_len', 1),
        'num_clips': step.get('num_clips', 1),
        'num_sample_positions': step.get('num_sample_positions', POSITIONS) if dense else 1,
    }


def _fewest(step: Step, head: Step) -> dict[str, int]:
    """The least that its options may be without another input of the network."""
    clips = _frames(step)['num_clips']
    frames = FEW_FRAMES if head.get('type') in ANY_NUMBER else clips
    return {'num_sample_positions': 1, 'num_clips': 1 if step.get('clip_len', 1) > 1 else frames}


def _pipelines(dataset: Step, place: str) -> list[tuple[str, Sequence[Any]]]:
    """Places and copied steps of the pipelines of a data set and of those inside it."""
    found: list[tuple[str, Sequence[Any]]] = []
    if dataset.get('pipeline'):
        found.append((f'{place}.pipeline', [dict(step) for step in dataset['pipeline']]))
    for number, part in enumerate(dataset.get('datasets', ())):
        found += _pipelines(part, f'{place}.datasets.{number}')
    return found


def _crop(step: Step) -> tuple[str, int]:
    """Which kind of crop, and of how many pixels."""
    size = step['crop_size']
    return step['type'], size * size if isinstance(size, int) else math.prod(size)


def _resized(steps: Sequence[Step]) -> int:
    """Pixels that the last Resize leaves; joints are none, and it is frames that count then."""
    sizes = [step.get('scale', 1) for step in steps if step['type'] == 'Resize']
    known = sizes and isinstance(sizes[-1], tuple | list) and min(sizes[-1]) > 0
    return math.prod(sizes[-1]) if known else 1


def _find(steps: Sequence[Step], kinds: Sequence[str]) -> int | None:
    """Where the first step of these kinds is."""
    return next((n for n, step in enumerate(steps) if step['type'] in kinds), None)
