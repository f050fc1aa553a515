"""Whether the saved samples of a corruption run still say what its report says."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmrobust.engine.artifacts import finite
from mmrobust.engine.predictions import JOINT, SCORE, same_prediction
from mmrobust.engine.replay import Played
from mmrobust.evaluation.card import TAU
from mmrobust.evaluation.corruptions import CLEAN, NOISE, cell_name
from mmrobust.evaluation.differing import compared
from mmrobust.evaluation.run_numbers import corruption_numbers
from mmrobust.evaluation.summary import evaluated
from mmrobust.functional.checks import require
from mmrobust.ledger.provenance import file_sha256
from mmrobust.visualization.formatting import listed

Row = dict[str, Any]
# Cell, its lines, and their files -> what the stock test says.
Play = Callable[[str, Sequence[Row], Sequence[Path]], Played]


@dataclass
class Differences:
    """What a replay found.

    Attributes:
        samples: Saved samples that were played.
        same: Of them, those with the prediction of the report.
        scores: Metrics that were compared.
        differing: What differs, each named.
        uncompared: What could not be compared, and why.
    """

    samples: int = 0
    same: int = 0
    scores: int = 0
    differing: list[str] = field(default_factory=list)
    uncompared: list[str] = field(default_factory=list)


def check_files(folder: Path, files: Mapping[str, str | None]) -> list[Path]:
    """The paths of files that are as they were saved.

    Args:
        folder: Where they are.
        files: Name in the folder -> sha256; None where a run of an earlier version left none.

    Raises:
        ValueError: Some are missing or altered; the first are named.
    """
    paths = [folder / name for name in files]
    missing = [path for path in paths if not path.is_file()]
    altered = [
        path
        for path, sha256 in zip(paths, files.values(), strict=True)
        if sha256 is not None and path.is_file() and file_sha256(path) != sha256
    ]
    told = {'missing': missing, 'with another sha256': altered}
    parts = [f'{listed([str(p) for p in those])} {what}' for what, those in told.items() if those]
    if parts:
        raise ValueError(f'{folder} must be whole, as it was saved, got {" and ".join(parts)}')
    return paths


def replay_cells(
    report: Mapping[str, Any], rows: Sequence[Row], folder: Path, play: Play
) -> Differences:
    """Play every saved sample, cell by cell, and compare.

    Args:
        report: Of the run.
        rows: Its lines.
        folder: Of the saved samples.
        play: Runs the stock test.

    Raises:
        ValueError: A file is missing or altered, or a line has none.
    """
    cells = _cells(evaluated(rows))
    files = [row['saved'][cell] for cell, named in cells.items() for _, row in named]
    check_files(folder, {one['file']: one['sha256'] for one in files})
    found = Differences()
    for cell, named in cells.items():
        lines = [row for _, row in named]
        played = play(cell, lines, [folder / row['saved'][cell]['file'] for row in lines])
        _compare(found, cell, lines, played)
        _compare_metrics(found, cell, report['metrics'].get(cell, {}), played.metrics)
    compare_numbers(found, report, rows)
    return found


def _cells(rows: Sequence[Row]) -> dict[str, list[tuple[str, Row]]]:
    """Cell -> the lines that have it, holes left out."""
    found: dict[str, list[tuple[str, Row]]] = {}
    for row in rows:
        for cell, said in row['cells'].items():
            if 'hole' in said:
                continue
            saved = cell in (row.get('saved') or {})
            where = f'index {row["index"]}: {cell}'
            require(saved, where, 'with a saved file (a run with --save has one)', None)
            found.setdefault(cell, []).append((cell, row))
    return found


def _compare(found: Differences, cell: str, lines: Sequence[Row], played: Played) -> None:
    """Of every sample what is predicted, and what its line makes of that."""
    for row, seen, errors in zip(lines, played.predictions, played.errors, strict=True):
        found.samples += 1
        said, own = row['saved'][cell]['prediction'], row['cells'][cell]
        what = _pose(seen, own, said, errors) if errors else _class(seen, own, said)
        if what is None:
            found.same += 1
        else:
            found.differing.append(f'{cell}: {row["name"]}: {what}')


def _class(seen: Row, own: Row, said: Row) -> str | None:
    """What differs in a class, in words; None where nothing does."""
    label, reported = seen['label'], own.get('prediction')
    if reported != label or said.get('label') != label:
        return f'class {label}, reported {reported}'
    if not same_prediction(said, seen):
        return f'scores {seen["scores"]}, reported {said.get("scores")}'
    right = None if own.get('label') is None else label == own['label']
    return None if own.get('correct') == right else f'right is {right}, reported {own["correct"]}'


def _pose(seen: Row, own: Row, said: Row, errors: Sequence[float]) -> str | None:
    """What differs in a pose, in words; None where nothing does."""
    if not same_prediction(said, seen) or own.get('pose', said['joints']) != said['joints']:
        return 'another pose'
    known = [
        (error, reported)
        for error, reported in zip(errors, own.get('joint_errors') or [], strict=False)
        if reported is not None
    ]
    far = [pair for pair in known if abs(pair[0] - pair[1]) > JOINT]
    if far:
        return f'a joint {far[0][0]:.3f} off, reported {far[0][1]:.3f}'
    if not known:
        return None
    # A joint next to the threshold may be on either side of it.
    right, sure = (sum(error <= TAU + slack for error, _ in known) for slack in (JOINT, -JOINT))
    within = sure <= round(own['pck'] * len(known)) <= right
    return None if within else f'{right} of {len(known)} joints right, reported {own["pck"]}'


def _compare_metrics(
    found: Differences, cell: str, reported: Mapping[str, float], seen: Mapping[str, float]
) -> None:
    for name, value in reported.items():
        if name not in seen:
            found.uncompared.append(f'{cell}: {name}')
            continue
        found.scores += 1
        if not _close(value, seen[name]):
            found.differing.append(f'{cell}: {name} {seen[name]:.4f}, reported {value}')


def _close(first: float | None, second: float | None) -> bool:
    if first is None or second is None or first != first or second != second:  # noqa: PLR0124
        # Null stands for NaN in a report.
        return (first is None or first != first) and (second is None or second != second)  # noqa: PLR0124
    return abs(first - second) <= SCORE * max(1.0, abs(first))


def compare_numbers(found: Differences, report: Mapping[str, Any], rows: Sequence[Row]) -> None:
    """The report must be what its lines come to."""
    groups = {name: kind['group'] for name, kind in report['kinds'].items()}
    cues = list(report.get('cues') or ())
    due = {CLEAN, *cues} | {cell_name(name, s) for name in groups for s in report['severities']}
    for row in rows:
        own = {cell for cell in row.get('cells') or due if not cell.endswith(NOISE)}
        if own != due:
            text = f'{row["name"]}: cells of the report alone or of the line alone'
            found.differing.append(f'{text}: {", ".join(sorted(own ^ due)[:3])}')
            return
    again = finite(corruption_numbers(rows, groups, report['severities'], cues))
    wrong, lacking = compared(report, json.loads(json.dumps(again)))
    found.differing += wrong
    found.uncompared += [f'{name}, not in the report' for name in lacking]
