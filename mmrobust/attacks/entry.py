"""What an attack refuses on entry, before the first forward.

Shapes: N samples, C channels, T frames, H, W pixels.
"""

from collections.abc import Iterable, Sequence
from numbers import Integral

import torch
from torch import Tensor

from mmrobust.functional.checks import require
from mmrobust.goals import Goal, Labels
from mmrobust.threats import Threat
from mmrobust.victims.bound import BoundVictim


def checked_pixels(
    victim: BoundVictim, pixels: Tensor, labels: Labels, goal: Goal, threat: Threat
) -> Tensor:
    """The pixels as float, after every check that needs no forward.

    Raises:
        ValueError: Pixels, labels or masks do not fit.
        RuntimeError: Called inside ``torch.inference_mode``.
    """
    if torch.is_inference_mode_enabled():
        raise RuntimeError(
            'an attack needs gradients and cannot run inside torch.inference_mode(); '
            'use torch.no_grad() around evaluation instead'
        )
    shape = tuple(pixels.shape)
    require(pixels.dim() >= 3, 'pixels', 'a batch (N, C, ..., H, W)', shape)
    real = pixels.dtype != torch.bool and not pixels.is_complex()
    require(real, 'pixels', 'grey levels 0..255 in whole or floating numbers', pixels.dtype)
    goal.check(labels, len(pixels))
    clean = pixels.detach().clone()
    # Half precision holds no fractions of bright grey levels.
    clean = clean if clean.dtype == torch.float64 else clean.float()
    low, high = victim.bounds
    if len(clean):
        least, most = float(clean.min()), float(clean.max())
        inside = least >= low and most <= high
        require(inside, 'pixels', f'within {low:g}..{high:g}', (least, most))
        if not victim.dtype.is_floating_point:
            check_whole(clean)
        threat.check(clean)
        threat.check_range(clean, victim.bounds)
    return clean


def checked_seeds(seeds: Sequence[int] | None, n: int) -> Sequence[int]:
    """One whole number for each of ``n`` samples; 0..n-1 where none are given."""
    if seeds is None:
        return range(n)
    rule = f'{n} whole numbers'
    require(isinstance(seeds, Iterable) and not isinstance(seeds, str), 'seeds', rule, seeds)
    found = list(seeds)
    numbers = all(isinstance(s, Integral) and not isinstance(s, bool) for s in found)
    require(numbers and len(found) == n, 'seeds', rule, found)
    return [int(seed) for seed in found]


def check_whole(clean: Tensor) -> None:
    """Raise ValueError for fractions, the first of which is named."""
    fractions = clean[clean != clean.round()]
    if len(fractions):
        rule = 'whole grey levels 0..255 (a victim with dtype=torch.float32 takes any values)'
        # Pictures as torchvision has them.
        hint = ': (255 * pixels).round() makes them of 0..1' if float(clean.max()) <= 1 else ''
        raise ValueError(f'pixels must be {rule}, got {float(fractions[0]):g}{hint}')
