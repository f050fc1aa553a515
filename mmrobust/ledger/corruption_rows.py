"""A sample's line in the ledger of a corruption run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from mmrobust.functional.checks import require

# Of what a victim records: long lists that no summary reads.
LEFT_OUT = ('joints', 'poses', 'joint_displacements', 'joint_vanished', 'target_joints')
CLEAN, CORRUPTED = 'clean_', 'adversarial_'


def cell_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What a victim's record says of the corrupted sample alone."""
    named = {
        key.removeprefix(CORRUPTED): value
        for key, value in fields.items()
        if not key.startswith(CLEAN)
    }
    return {key: value for key, value in named.items() if key not in LEFT_OUT}


def corruption_row(
    index: int, name: str, unit: int | str, cells: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """The line of a sample.

    Args:
        index: In the data set.
        name: Of the sample.
        unit: What it shares with samples of the same picture.
        cells: By name, ``clean`` among them.
    """
    attack = {'attacked': False, 'success': False, 'flags': []}
    return {
        'index': index,
        'name': name,
        'unit': unit,
        'cells': dict(cells),
        'error': None,
    } | attack


def check_corruption_row(entry: Mapping[str, Any], cells: Collection[str]) -> None:
    """Raise ValueError unless a report can be made of the line."""
    error = entry.get('error', 0)
    require(error is None or isinstance(error, str), 'error', 'null or a text', error)
    require(isinstance(entry.get('name'), str), 'name', 'a text', entry.get('name'))
    if error is not None:
        return
    found = entry.get('cells')
    known = found if isinstance(found, dict) else {}
    whole = set(known) == set(cells) and all(isinstance(cell, dict) for cell in known.values())
    require(whole, 'cells', f'the {len(cells)} cells of this run', sorted(known))
    require(isinstance(entry.get('evaluator'), dict), 'evaluator', 'results by cell', None)
    require('unit' in entry, 'unit', 'in the line', sorted(entry))
