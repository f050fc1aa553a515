"""Cards side by side: which corruption costs which victim how much.

Shapes: U units.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mmrobust.evaluation.corruptions import Numbers
from mmrobust.evaluation.markdown import banded, markdown, percent
from mmrobust.functional.bootstrap import DIFFERENCE, NOTHING, SHARE, Limits, bootstrap
from mmrobust.studies.card_scores import CardScores
from mmrobust.studies.section import Section


def costs(title: str, cards: Sequence[CardScores]) -> Section:
    """Costs of every kind for some victims, and what their cards say on top.

    Args:
        title: Of the section.
        cards: Of victims, which may hold different kinds at the same severities.
    """
    steps = ', '.join(map(str, cards[0].severities))
    rows = [_row('units (samples, failed)', cards, _size), _row('clean', cards, _clean)]
    for kind in dict.fromkeys(kind for each in cards for kind in each.kinds):
        cells = [_cost(each, kind) if kind in each.kinds else '-' for each in cards]
        rows.append([kind, *cells])
    for name in ('mPC', 'rPC'):
        cells = [banded(each.summary, name.lower()) for each in cards]
        rows.append([f'{name} over severities {steps}', *cells])
    rows += [_row('worst cell', cards, _worst), _row('left out: holes', cards, _holes)]
    for attack in dict.fromkeys(name for each in cards for name in each.attacks):
        rows.append([f'under {attack}', *(_under(each, attack) for each in cards)])
    told = f'Costs of a kind against clean, means over severities {steps}; the others are scores.'
    text = f'{told}\n\n{markdown(["", *(each.victim.name for each in cards)], rows)}'
    return Section(title, text, rows=[row for each in cards for row in numbers(each)])


def cue_scores(title: str, cards: Sequence[CardScores]) -> Section:
    """Scores of every cue for some victims, and how many are taken for the scenery's class."""
    rows = [_row('units (samples, failed)', cards, _size), _row('clean', cards, _clean)]
    for cue in dict.fromkeys(cue for each in cards for cue in each.cues):
        cells = [scored(each.cell(cue)) if cue in each.cues else '-' for each in cards]
        rows.append([cue, *cells])
        if any(_foreign(each, cue) for each in cards):
            cells = [scored(each.scenery(cue)) if _foreign(each, cue) else '-' for each in cards]
            rows.append([f'{cue}: as the scenery', *cells])
    return Section(title, markdown(['', *(each.victim.name for each in cards)], rows))


def points(differences: Numbers) -> str:
    """The mean of differences of scores (U,) in points, with its interval where there is one."""
    return _written(differences, DIFFERENCE)


def scored(scores: Numbers) -> str:
    """The mean of scores (U,) in per cent, with its interval where there is one."""
    return _written(scores, SHARE)


def _written(values: Numbers, within: Limits) -> str:
    text, limits = f'{100 * values.mean():.1f}', bootstrap(values, within)
    if limits == NOTHING:
        return text
    low, high = (round(100 * limit) for limit in limits)
    return f'{text} ({low} to {high})'


def numbers(card: CardScores) -> list[dict[str, Any]]:
    """A row per kind, for the page."""
    rows = []
    for kind, group in card.kinds.items():
        lost = card.clean - card.kind(kind)
        within = bootstrap(lost, DIFFERENCE)
        known = within != NOTHING
        low, high = (round(100 * limit, 1) if known else None for limit in within)
        beside = float(card.noise(kind).mean()) if kind in card.controlled else None
        rows.append(
            {
                'victim': card.victim.name,
                'kind': kind,
                'group': group,
                'units': len(lost),
                'accuracy': float(card.kind(kind).mean()),
                'equal_noise_accuracy': beside,
                'cost': round(100 * float(lost.mean()), 1),
                'cost_low': low,
                'cost_high': high,
            }
        )
    return rows


def _row(name: str, cards: Sequence[CardScores], cell: Callable[[CardScores], str]) -> list[str]:
    return [name, *(cell(each) for each in cards)]


def _size(card: CardScores) -> str:
    data = card.card['data']
    return f'{len(card.units)} ({len(card.rows)}, {data["failed"]})'


def _clean(card: CardScores) -> str:
    return scored(card.clean)


def _cost(card: CardScores, kind: str) -> str:
    return points(card.clean - card.kind(kind))


def _worst(card: CardScores) -> str:
    cell = card.summary['worst']
    return f'{cell}: {percent(float(card.cell(cell).mean()))}'


def _holes(card: CardScores) -> str:
    return ', '.join(card.card['corruptions']['holes']) or 'none'


def _under(card: CardScores, attack: str) -> str:
    return scored(card.under(attack)) if attack in card.attacks else '-'


def _foreign(card: CardScores, cue: str) -> bool:
    """Whether a cue shows the scenery of another sample."""
    return cue in card.cues and card.rows[0]['cells'][cue].get('background') is not None
