"""What attacks did to tracks of joints, over the samples of a run."""

from collections.abc import Mapping, Sequence
from typing import Any

from mmrobust.functional.track_metrics import NAMES

# Further facts of a line: what the network sees of the change.
SEEN = ('network_view', 'network_view_max')


def track_summary(rows: Sequence[Mapping[str, Any]]) -> dict[str, float | None] | None:
    """Means over the attacked tracks; None where no line speaks of one."""
    lines = [row for row in rows if row.get('attacked') and 'deviation' in row]
    if not lines:
        return None
    found = {}
    for name in (*NAMES, *SEEN):
        values = [row[name] for row in lines if row.get(name) is not None]
        found[name] = sum(values) / len(values) if values else None
    return found
