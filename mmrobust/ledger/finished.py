"""What finished runs have left, read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mmrobust.functional.checks import require
from mmrobust.ledger.ledger import read_entries

# What a folder of results is called by the file that its run leaves at the end.
CARDS = {
    'card.json': 'card',
    'report.json': 'run',
    'sweep.json': 'sweep',
    'transfer.json': 'transfer',
}
# What an attack run's report has at least.
NEEDED = ('attack', 'config', 'n', 'attacked', 'success_rate', 'clean', 'adversarial')
# Of a sweep and of a transfer, the key of what it is made of.
PARTS = {'sweep': 'points', 'transfer': 'cells'}


def finished_json(path: Path, argument: str, kind: str = 'run') -> dict[str, Any]:
    """A file that a run writes at its end.

    Args:
        path: Such as ``report.json`` in the run's folder.
        argument: Of the command that named the folder.
        kind: Of what should be finished.

    Raises:
        ValueError: It is not there, or no JSON object.
    """
    rule = f'the folder of a finished {kind}'
    require(path.is_file(), argument, rule, f'{path.parent} without {path.name}')
    content = path.read_bytes()
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    require(isinstance(found, dict), str(path), 'a JSON object, as a run writes', content[:60])
    assert isinstance(found, dict)
    return found


def kind_of(folder: Path) -> str:
    """``run``, ``corruptions``, ``sweep``, ``transfer`` or ``card``.

    Raises:
        ValueError: The folder holds none that is finished.
    """
    there = [kind for name, kind in CARDS.items() if (folder / name).is_file()]
    rule = 'the folder of a finished run, sweep, transfer or card'
    require(bool(there), 'RUN', rule, _lacking(folder))
    if there[0] == 'run' and 'corruptions' in finished_json(folder / 'report.json', 'RUN'):
        return 'corruptions'
    return there[0]


def card_of_run(folder: Path) -> dict[str, Any]:
    """The report of an attack run.

    Raises:
        ValueError: There is none, or it is no run's.
    """
    card = finished_json(folder / 'report.json', 'RUN')
    rule = 'an attack run, a sweep, a transfer or a card'
    require('corruptions' not in card, 'RUN', rule, f'{folder}, a run of corruptions')
    missing = [key for key in NEEDED if key not in card]
    require(not missing, str(folder / 'report.json'), 'the report of a run', f'none of {missing}')
    return card


def card_of_several(folder: Path, kind: str) -> dict[str, Any]:
    """What a sweep, or a transfer, left.

    Raises:
        ValueError: It is none's.
    """
    path, key = folder / f'{kind}.json', PARTS[kind]
    card = finished_json(path, 'RUN', kind)
    listed = isinstance(card.get(key), list) and bool(card[key])
    require(listed, str(path), f'what a {kind} writes, with {key}', sorted(card)[:4])
    return card


def budget_folders(folder: Path, card: dict[str, Any]) -> dict[float, Path]:
    """Budget of a sweep -> the folder of its run."""
    return {point['eps']: folder / f'eps{point["eps"]:.12g}' for point in card['points']}


def rows_of_run(folder: Path, n: int) -> list[dict[str, Any]]:
    """The lines of a run, of which the ledger may hold more than it was about."""
    entries = read_entries(folder)
    return [entries[index] for index in sorted(entries)[:n]]


def _lacking(folder: Path) -> str:
    """What a folder is that holds no results."""
    if not folder.is_dir():
        return f'{folder}, which is no folder'
    if (folder / 'results.jsonl').exists():
        return f'{folder}, whose run has not ended (go on with --resume)'
    return f'{folder} without {" or ".join(CARDS)}'


def finished_part(folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The report of a run, and the lines that it speaks of.

    Raises:
        ValueError: The run is not finished, or a file is damaged.
    """
    report = finished_json(folder / 'report.json', str(folder))
    entries = read_entries(folder)
    return report, [entries[index] for index in sorted(entries)[: report['n']]]
