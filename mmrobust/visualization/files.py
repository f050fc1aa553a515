"""Results for programs: JSON, and CSV for spreadsheets."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmrobust.io.atomic import replacing


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write ``value``, indented; what JSON does not know becomes text."""
    with replacing(path) as temporary:
        text = json.dumps(value, indent=2, default=str) + '\n'
        temporary.write_text(text, encoding='utf-8')


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows of equal keys under a heading; None is an empty field."""
    with replacing(path) as temporary, temporary.open('w', encoding='utf-8', newline='') as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
