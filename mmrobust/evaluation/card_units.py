"""What a finished card says of every unit, for comparing two models on the same samples."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmrobust.evaluation.corruptions import CLEAN, cell_name, score
from mmrobust.evaluation.summary import mean
from mmrobust.functional.bootstrap import bootstrap
from mmrobust.functional.checks import require

Figures = dict[str, dict[str, float]]


def unit_figures(card: Mapping[str, Any], folder: Path) -> Figures:
    """Figure -> unit -> its value, as the runs in the folder have them.

    Figures are ``clean``; ``corruption``, the mean over all cells; each kind; of each attack
    1 or 0 as a sample is right and was not fooled. Samples of one picture are a unit.

    Args:
        card: The card.
        folder: Of its runs.

    Raises:
        OSError: A run is not there.
        ValueError: A line is damaged.
    """
    rows = _rows(folder / 'corruptions', card)
    units = {row['name']: str(row['unit']) for row in rows}
    severities = card['corruptions']['severities']
    # Not the white noise of their size beside them.
    cells = {
        kind: [cell_name(kind, s) for s in severities] for kind in card['corruptions']['kinds']
    }
    values: dict[str, list[tuple[str, float]]] = {'clean': [], 'corruption': []}
    for row in rows:
        scored = {name: score(cell) for name, cell in row['cells'].items() if 'hole' not in cell}
        known = {name: value for name, value in scored.items() if value is not None}
        if CLEAN not in known:
            continue
        unit = units[row['name']]
        values['clean'].append((unit, known[CLEAN]))
        corrupted = [known[name] for of in cells.values() for name in of if name in known]
        if corrupted:
            values['corruption'].append((unit, float(np.mean(corrupted))))
        for kind, names in cells.items():
            own = [known[name] for name in names if name in known]
            if own:
                values.setdefault(kind, []).append((unit, float(np.mean(own))))
    for one in card['attacks']:
        values[one['name']] = [
            (units[row['name']], float(row['attacked'] and not row['success']))
            for row in _rows(folder / one['name'], card)
            if row['name'] in units
        ]
    return {name: _by_unit(pairs) for name, pairs in values.items() if pairs}


def comparable(first: Mapping[str, Any], second: Mapping[str, Any]) -> set[str]:
    """Figures that mean the same on both: kinds, severities, attacks and budgets are alike."""
    found = {'clean'}
    mine, other = first['corruptions'], second['corruptions']
    if mine['severities'] == other['severities']:
        found |= mine['kinds'].keys() & other['kinds'].keys()
        found |= {'corruption'} if list(mine['kinds']) == list(other['kinds']) else set()
    attacks = [
        {one['name']: (one['title'], one['norm'], one['eps']) for one in card['attacks']}
        for card in (first, second)
    ]
    return found | {name for name, what in attacks[0].items() if attacks[1].get(name) == what}


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
        require(not odd, 'B', f'of the same samples as A, which {name} is not', odd[:3])
        gaps = [other[unit] - one[unit] for unit in sorted(one)]
        low, high = bootstrap(gaps)
        known = bool(np.isfinite(low))
        found.append(
            {
                'figure': name,
                'n': len(gaps),
                'first': mean(one.values()),
                'second': mean(other.values()),
                'difference': mean(gaps),
                'low': max(low, -1.0) if known else None,
                'high': min(high, 1.0) if known else None,
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
