"""``mmrobust verify`` of a run of corruptions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmrobust.cli.stock import Stock
from mmrobust.functional.checks import require
from mmrobust.visualization.formatting import counted

if TYPE_CHECKING:
    from mmrobust.engine.replay import Played
    from mmrobust.engine.replayed_cells import Differences

# How many of those that differ are named.
NAMED = 20


def is_of_corruptions(folder: Path) -> bool:
    """Whether the report in a folder is one of a run of corruptions."""
    try:
        found = json.loads((folder / 'report.json').read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and 'corruptions' in found


def verify_cells(stock: Stock, folder: Path, saved: str | None) -> None:
    """Play the corrupted samples of a run.

    Args:
        stock: The stock test.
        folder: Of the run.
        saved: Folder of the samples, if it is not the one that the report names.

    Raises:
        ValueError: A file is missing or altered, or the run is of another checkpoint.
        RuntimeError: A prediction or a score differs.
    """
    from mmrobust.engine.replay import stock_metrics
    from mmrobust.engine.replayed_cells import replay_cells
    from mmrobust.engine.saved_cells import cell_folder
    from mmrobust.ledger.ledger import read_entries
    from mmrobust.victims.skeleton.track_files import TRACK

    report = json.loads((folder / 'report.json').read_text(encoding='utf-8'))
    stock.check(report)
    stock.check_input(report)
    samples = _samples_of(report, saved)
    entries = read_entries(folder)
    rows = [entries[index] for index in sorted(entries) if index < report['n']]
    metrics = stock_metrics(stock.cfg.get('test_evaluator') or [], report['unscored'])

    def play(cell: str, lines: Sequence[dict[str, Any]], paths: Sequence[Path]) -> Played:
        if paths[0].suffix == TRACK:
            return stock.tracks(samples / cell_folder(cell), paths, metrics or ())
        if paths[0].suffix != '.mkv':
            files = [
                (line['index'], path, line['saved'][cell].get('box'))
                for line, path in zip(lines, paths, strict=True)
            ]
            return stock.pictures(files, metrics or ())
        named = [
            {'video': path.name, 'label': line['cells'][cell].get('label')}
            for line, path in zip(lines, paths, strict=True)
        ]
        return stock.videos(samples / cell_folder(cell), named, paths, metrics or ())

    found = replay_cells(report, rows, samples, play)
    _compare_sceneries(found, report, rows, stock)
    _tell(found)


def _samples_of(report: dict[str, Any], saved: str | None) -> Path:
    """The folder of the saved samples."""
    place = saved or (report.get('saved') or {}).get('folder')
    known = isinstance(place, str) and Path(place).is_dir()
    require(known, '--save', 'the folder of the saved samples', place)
    return Path(str(place))


def _tell(found: Differences) -> None:
    """Print what was compared, and raise RuntimeError with what differs."""
    what = 'sample is predicted as' if found.samples == 1 else 'samples are predicted as'
    print(f'{found.same} of {found.samples} saved {what} in the report, by the stock test')
    print(f'{counted(found.scores, "score")} of the metrics compared')
    if found.uncompared:
        print(f'not compared: {", ".join(found.uncompared[:NAMED])}')
    if found.differing:
        more = f' and {len(found.differing) - NAMED} more' if found.differing[NAMED:] else ''
        raise RuntimeError(f'{"; ".join(found.differing[:NAMED])}{more}')


def _compare_sceneries(
    found: Differences, report: dict[str, Any], rows: Sequence[dict[str, Any]], stock: Stock
) -> None:
    """Draw anew whose scenery was behind each person; the stock test says nothing of it."""
    from mmrobust.engine.cue_scenery import other_sceneries
    from mmrobust.evaluation.summary import evaluated

    if report.get('cues'):
        found.differing += other_sceneries(report, evaluated(rows), stock.samples)
