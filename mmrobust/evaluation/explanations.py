"""How true explanations are, over all samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

from mmrobust.functional.bootstrap import NOTHING, bootstrap

SIDES = ('clean', 'adversarial')
AREAS = ('deletion', 'insertion')
# Of the whole sample's score: what its mean colour may keep without a word.
KEPT = 0.1


def gains(areas: Mapping[str, float], random: Mapping[str, float]) -> dict[str, float]:
    """How much better than a random order: less is left in deletion, more is there in insertion."""
    return {
        'deletion_gain': random['deletion'] - areas['deletion'],
        'insertion_gain': areas['insertion'] - random['insertion'],
    }


def explained(samples: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, dict[str, Any]]]:
    """Means over the samples by side and method, with 95 % intervals of the gains.

    Args:
        samples: As in ``explain.json``.

    Returns:
        Side -> method -> ``n``, ``empty`` (maps that mark nothing), the mean areas
        ``deletion``, ``insertion``, ``random_deletion`` and ``random_insertion``, the gains with
        their limits (``_low``, ``_high``; None below six samples).
    """
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for side in SIDES:
        there = [sample[side] for sample in samples if sample.get(side) is not None]
        methods = there[0]['methods'] if there else {}
        found |= {side: {name: _of_method(name, there) for name in methods}} if there else {}
    return found


def _of_method(name: str, sides: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    empty = sum(side['methods'][name]['empty'] for side in sides)
    lines: dict[str, Any] = {'n': len(sides), 'empty': empty}
    for area in AREAS:
        lines[area] = mean(side['methods'][name]['areas'][area] for side in sides)
        lines[f'random_{area}'] = mean(side['random']['areas'][area] for side in sides)
    for area in AREAS:
        values = [side['methods'][name][f'{area}_gain'] for side in sides]
        low, high = bootstrap(values)
        known = (low, high) != NOTHING
        lines[f'{area}_gain'] = mean(values)
        lines[f'{area}_gain_low'] = low if known else None
        lines[f'{area}_gain_high'] = high if known else None
    return lines


def beats_chance(of: Mapping[str, Any], area: str) -> bool:
    """Whether a method's gain is above zero, with all of its interval where it has one.

    Args:
        of: Of a method, as in :func:`explained`.
        area: ``deletion`` or ``insertion``.
    """
    low = of[f'{area}_gain_low']
    return bool(of[f'{area}_gain'] > 0 and (low is None or low > 0))


def telling_baselines(samples: Sequence[Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    """Side and line of versions whose mean colour alone is an answer to the model.

    It has a score above chance, or above a tenth of the whole sample's; the highest comes first.
    """
    lines = [(side, sample[side]) for side in SIDES for sample in samples if sample.get(side)]
    found = [(side, line) for side, line in lines if _telling(line)]
    return sorted(found, key=lambda one: one[1]['baseline'], reverse=True)


def _telling(line: Mapping[str, Any]) -> bool:
    limits = [KEPT * line['share'], *([] if line['chance'] is None else [line['chance']])]
    return bool(line['baseline'] > min(limits))


def mean_curve(
    samples: Sequence[Mapping[str, Any]], side: str, method: str | None, area: str
) -> list[float]:
    """The mean curve of a method over the samples of a side; of None, of random orders."""
    there = [sample[side] for sample in samples if sample.get(side) is not None]
    curves = [one['random'] if method is None else one['methods'][method] for one in there]
    return [mean(points) for points in zip(*(one[area] for one in curves), strict=True)]
