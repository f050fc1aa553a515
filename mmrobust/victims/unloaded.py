"""One sample made of bare pixels by the pipeline of the config that a victim was loaded from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from mmengine.dataset import pseudo_collate
from torch import Tensor

from mmrobust.functional.checks import require
from mmrobust.victims.base import Victim
from mmrobust.victims.samples import Failure, Loaded


def first_of(victim: Victim, pixels: Tensor, order: Sequence[int]) -> Loaded:
    """The first of a batch of samples, through the test pipeline.

    How a pipeline cuts a sample depends on its shape alone: the rest has the same, and so
    have later batches of that shape, for which it is not run again.

    Args:
        victim: Loaded from a config.
        pixels: (N, ...), whole grey levels; a fraction is rounded, for the layout alone.
        order: Axes of a sample as an array has them.

    Raises:
        ValueError: The victim has no config, or the pipeline cannot take the sample.
    """
    kind = type(victim).__name__
    rule = 'from mmrobust.load_victim, for its pipeline to be known, or bound to samples'
    if victim.arrays is None:
        raise ValueError(f'victim must be {rule}, got a {kind} of a model alone')
    require(len(pixels) > 0, 'pixels', 'of at least one sample', tuple(pixels.shape))
    shape = tuple(pixels.shape[1:])
    if shape not in victim.shapes:
        victim.shapes[shape] = _through_pipeline(victim, victim.arrays, pixels, order)
    return victim.shapes[shape]


def _through_pipeline(
    victim: Victim,
    arrays: Callable[[Sequence[Any]], Any],
    pixels: Tensor,
    order: Sequence[int],
) -> Loaded:
    array = pixels[0].detach().permute(*order).cpu().double().numpy()
    whole = np.clip(array.round(), 0, 255).astype(np.uint8)
    dataset = arrays([np.ascontiguousarray(whole)])
    victim.install(dataset)
    item = victim.samples(dataset)[0]
    if isinstance(item, Failure):
        raise ValueError(f'pixels must pass the pipeline of the config: {item.error}')
    return victim.collate(pseudo_collate)([item])
