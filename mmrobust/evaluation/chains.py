"""What attacks did to the poses that recognisers find in frames, over the samples of a run."""

from collections.abc import Mapping, Sequence
from typing import Any

from mmrobust.chain.measures import NAMES


def chain_summary(rows: Sequence[Mapping[str, Any]]) -> dict[str, float | None] | None:
    """Means over the attacked videos; None where no line speaks of poses in frames.

    With a surrogate that finds poses, too, its means have ``surrogate_`` before their names: its
    joints, the model's joints and the action (``success_rate``) are three losses.
    """
    lines = [row for row in rows if row.get('attacked') and NAMES[0] in row]
    if not lines:
        return None
    given = [f'{who}{name}' for who in ('', 'surrogate_') for name in NAMES]
    found = {}
    for name in given:
        values = [row[name] for row in lines if row.get(name) is not None]
        if any(name in row for row in lines):
            found[name] = sum(values) / len(values) if values else None
    return found
