"""What a finished card says of every unit, for comparing two models on the same samples."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmrobust.evaluation.card_files import CORRUPTIONS
from mmrobust.evaluation.corruptions import CLEAN, cell_name, score
from mmrobust.evaluation.summary import mean
from mmrobust.functional.bootstrap import DIFFERENCE, bootstrap
from mmrobust.functional.checks import require

Figures = dict[str, dict[str, float]]


def unit_figures(card: Mapping[str, Any], folder: Path) -> Figures:
    """Figure -> unit -> its value, as the runs in the folder have them.

    Figures are ``clean``; ``corruption``, the mean over all kinds and severities; each kind; of
    each attack 1 or 0 as a sample is right and was not fooled. Controls and cues are none: to be
    right less often on scenery alone is not worse. Samples of one picture are a unit.

    Args:
        card: The card.
        folder: Of its runs.

    Raises:
        OSError: A run is not there.
        ValueError: A line is damaged.
    """
    rows = _rows(folder / CORRUPTIONS, card)
    units = {row['name']: str(row['unit']) for row in rows}
    values: dict[str, list[tuple[str, float]]] = {'clean': [], 'corruption': []}
    for row in rows:
        for figure, value in _figures(row, card).items():
            values.setdefault(figure, []).append((units[row['name']], value))
    for one in card['attacks']:
        values[one['name']] = [
            (units[row['name']], float(row['attacked'] and not row['success']))
            for row in _rows(folder / one['name'], card)
            if row['name'] in units
        ]
    return {name: _by_unit(pairs) for name, pairs in values.items() if pairs}


def comparable(first: Mapping[str, Any], second: Mapping[str, Any]) -> set[str]:
    """Figures that mean the same on both: kinds, severities, attacks and options are alike."""
    found = {'clean'}
    kinds, others = kind_options(first), kind_options(second)
    if first['corruptions']['severities'] == second['corruptions']['severities']:
        found |= {kind for kind, options in kinds.items() if others.get(kind, ()) == options}
        found |= {'corruption'} if list(kinds.items()) == list(others.items()) else set()
    attacks, theirs = attack_options(first), attack_options(second)
    return found | {name for name, what in attacks.items() if theirs.get(name) == what}


def kind_options(card: Mapping[str, Any]) -> dict[str, Any]:
    """Kind -> its options; None on cards of earlier versions, which do not say."""
    return {name: kind.get('options') for name, kind in card['corruptions']['kinds'].items()}


def attack_options(card: Mapping[str, Any]) -> dict[str, Any]:
    """Name on the card -> what the attack was."""
    keys = ('title', 'norm', 'eps', 'options')
    return {one['name']: [one.get(key) for key in keys] for one in card['attacks']}


def _figures(row: Mapping[str, Any], card: Mapping[str, Any]) -> dict[str, float]:
    """Figure -> its value for a sample: clean, all kinds together, each kind."""
    scored = {name: score(cell) for name, cell in row['cells'].items() if 'hole' not in cell}
    known = {name: value for name, value in scored.items() if value is not None}
    if CLEAN not in known:
        return {}
    severities, kinds = card['corruptions']['severities'], card['corruptions']['kinds']
    cells = {kind: [cell_name(kind, s) for s in severities] for kind in kinds}
    groups = {'clean': [CLEAN], 'corruption': [name for of in cells.values() for name in of]}
    groups |= cells
    values = {figure: [known[n] for n in of if n in known] for figure, of in groups.items()}
    return {figure: float(np.mean(of)) for figure, of in values.items() if of}


def differences(first: Figures, second: Figures) -> list[dict[str, Any]]:
    """Second minus first, paired by unit, with 95 % intervals.

    Args:
        first: Of one model.
        second: Of another.

    Returns:
        A line for each figure that both have: ``first``, ``second``, ``difference``, its limits
        ``low`` and ``high`` (None for fewer than six units), and whether it is ``worse``: the
        upper limit is below 0.

    Raises:
        ValueError: They are not of the same units.
    """
    found = []
    for name in first.keys() & second.keys():
        one, other = first[name], second[name]
        odd = sorted(one.keys() ^ other.keys())
        counts = f'{len(other)} for {len(one)}, {len(odd)} of them on one side alone'
        require(not odd, 'B', f'of the same samples as A, which {name} is not', counts)
        gaps = [other[unit] - one[unit] for unit in sorted(one)]
        low, high = bootstrap(gaps, DIFFERENCE)
        known = bool(np.isfinite(low))
        found.append(
            {
                'figure': name,
                'n': len(gaps),
                'first': mean(one.values()),
                'second': mean(other.values()),
                'difference': mean(gaps),
                'low': low if known else None,
                'high': high if known else None,
                'worse': known and high < 0,
            }
        )
    order = list(first)
    return sorted(found, key=lambda line: order.index(line['figure']))


def _by_unit(pairs: Sequence[tuple[str, float]]) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for unit, value in pairs:
        found.setdefault(unit, []).append(value)
    return {unit: float(np.mean(values)) for unit, values in found.items()}


def _rows(folder: Path, card: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The lines of samples that could be loaded, of those that the card speaks of."""
    path = folder / 'results.jsonl'
    if not path.is_file():
        raise FileNotFoundError(f'{path} does not exist: a card is compared with its runs beside')
    rows = []
    for number, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
        try:
            rows.append(json.loads(line))
        except ValueError as error:
            raise ValueError(f'{path}, line {number}: {error}') from error
    rows.sort(key=lambda row: int(row['index']))
    return [row for row in rows[: card['data']['n']] if row['error'] is None]
