"""What finished runs have left, read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mmrobust.functional.checks import require


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
