"""Which corruption costs which victim how much."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mmrobust.evaluation.corruptions import Numbers
from mmrobust.evaluation.markdown import banded, markdown, percent
from mmrobust.functional.bootstrap import NOTHING
from mmrobust.studies.section import Section
from projects.robustness_card.found import Found
from projects.robustness_card.intervals import limits


def costs(title: str, found: Sequence[Found]) -> Section:
    """Costs of every kind for some victims, and what their cards say on top.

    Args:
        title: Of the section.
        found: Victims, whose cards may hold different kinds.
    """
    steps = ', '.join(map(str, found[0].severities))
    rows = [_row('units (samples, failed)', found, _size), _row('clean', found, _clean)]
    for kind in dict.fromkeys(kind for each in found for kind in each.kinds):
        cells = [_cost(each, kind) if kind in each.kinds else '-' for each in found]
        rows.append([kind, *cells])
    for name in ('mPC', 'rPC'):
        cells = [banded(each.summary, name.lower()) for each in found]
        rows.append([f'{name} over severities {steps}', *cells])
    rows += [_row('worst cell', found, _worst), _row('left out: holes', found, _holes)]
    for attack in dict.fromkeys(name for each in found for name in each.attacks):
        rows.append([f'under {attack}', *(_under(each, attack) for each in found)])
    told = f'Costs of a kind against clean, means over severities {steps}; the others are scores.'
    text = f'{told}\n\n{markdown(["", *(each.victim.name for each in found)], rows)}'
    return Section(title, text, rows=[row for each in found for row in numbers(each)])


def points(differences: Numbers) -> str:
    """The mean of differences of scores (U,) in points, with its interval where there is one."""
    return _written(differences, least=-1.0)


def scored(scores: Numbers) -> str:
    """The mean of scores (U,) in per cent, with its interval where there is one."""
    return _written(scores, least=0.0)


def _written(values: Numbers, least: float) -> str:
    text, within = f'{100 * values.mean():.1f}', limits(values)
    low, high = (_points(each, least) for each in within)
    return text if within == NOTHING else f'{text} ({round(low)} to {round(high)})'


def _points(value: float, least: float = -1.0) -> float:
    """In points, between what can be: few units have wide intervals."""
    return 100 * min(max(value, least), 1.0)


def numbers(found: Found) -> list[dict[str, Any]]:
    """A row per kind, for the page."""
    rows = []
    for kind, group in found.kinds.items():
        lost = found.clean - found.kind(kind)
        within = limits(lost)
        known = within != NOTHING
        low, high = (round(_points(each), 1) if known else None for each in within)
        beside = float(found.noise(kind).mean()) if kind in found.controlled else None
        rows.append(
            {
                'victim': found.victim.name,
                'kind': kind,
                'group': group,
                'units': len(lost),
                'accuracy': float(found.kind(kind).mean()),
                'equal_noise_accuracy': beside,
                'cost': round(100 * float(lost.mean()), 1),
                'cost_low': low,
                'cost_high': high,
            }
        )
    return rows


def _row(name: str, found: Sequence[Found], cell: Callable[[Found], str]) -> list[str]:
    return [name, *(cell(each) for each in found)]


def _size(found: Found) -> str:
    data = found.card['data']
    return f'{len(found.units)} ({len(found.rows)}, {data["failed"]})'


def _clean(found: Found) -> str:
    return scored(found.clean)


def _cost(found: Found, kind: str) -> str:
    return points(found.clean - found.kind(kind))


def _worst(found: Found) -> str:
    cell = found.summary['worst']
    return f'{cell}: {percent(float(found.cell(cell).mean()))}'


def _holes(found: Found) -> str:
    return ', '.join(found.card['corruptions']['holes']) or 'none'


def _under(found: Found, attack: str) -> str:
    return scored(found.under(attack)) if attack in found.attacks else '-'
