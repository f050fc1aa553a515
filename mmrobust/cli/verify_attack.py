"""``mmrobust verify`` of an attack run: do saved videos still fool the model?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmrobust.cli.stock import Stock
from mmrobust.compat.cut_files import missing_bytes
from mmrobust.functional.checks import require, whole
from mmrobust.visualization.formatting import counted


def verify_attack(stock: Stock, folder: Path, videos: str | None) -> None:
    """Play the videos of an attack run.

    Args:
        stock: The stock test.
        folder: Of the run.
        videos: Folder of the videos, if it is not the one that the report names.
    """
    from mmrobust.ledger.ledger import read_entries

    card = read_card(folder / 'report.json')
    stock.check(card)
    videos = videos or card['adversarial_videos']
    if not videos or not Path(videos).is_dir():
        raise ValueError(f'--save-adv must be the folder of the saved videos, got {videos!r}')
    entries = read_entries(folder)
    reported = [entries[index] for index in sorted(entries) if index < card['n']]
    pictures = any('picture' in row for row in reported)
    require(not pictures, 'WORK_DIR', 'of a run that saved videos, not pictures', folder.name)
    kind = 'track' if any('track' in row for row in reported) else 'video'
    rows = [row for row in reported if kind in row and (Path(videos) / row[kind]).exists()]
    if not rows:
        raise ValueError(f'no {kind} of {folder}/results.jsonl is in {videos}')
    paths = [Path(videos) / row[kind] for row in rows]
    check_rows(folder / 'results.jsonl', rows, paths)
    tracks = kind == 'track'
    played = (
        stock.tracks(Path(videos), paths) if tracks else stock.videos(Path(videos), rows, paths)
    )
    predictions = [one['label'] for one in played.predictions]
    report(rows, predictions, sum(row.get('success', False) for row in reported), kind)
    gone = [row[kind] for row in reported if kind in row and row not in rows]
    if gone:
        raise RuntimeError(f'{counted(len(gone), f"saved {kind}")} missing: {", ".join(gone[:5])}')


def read_card(path: Path) -> dict[str, Any]:
    """The report of the run.

    Raises:
        OSError: There is none.
        ValueError: It is none that a run writes.
    """
    content = path.read_bytes()
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    rule = 'the report of a run, a JSON object with n and adversarial_videos'
    known = isinstance(found, dict) and {'n', 'adversarial_videos'} <= found.keys()
    require(known, str(path), rule, content[:60].decode('utf-8', 'replace'))
    assert isinstance(found, dict)
    require(whole(found['n'], 0), f'{path}: n', 'a whole number, at least 0', found['n'])
    videos = found['adversarial_videos']
    text = videos is None or isinstance(videos, str)
    require(text, f'{path}: adversarial_videos', 'a folder or null', videos)
    return found


def check_rows(ledger: Path, rows: Sequence[dict[str, Any]], paths: Sequence[Path]) -> None:
    """Raise ValueError, naming the file, for what nothing can be compared with."""
    from mmrobust.ledger.provenance import file_sha256

    for row, path in zip(rows, paths, strict=True):
        where = f'{ledger}: index {row["index"]}:'
        seen, success = row.get('adversarial_prediction'), row.get('success')
        require(whole(seen, 0), f'{where} adversarial_prediction', 'a class', seen)
        require(isinstance(success, bool), f'{where} success', 'true or false', success)
        missing = missing_bytes(str(path))
        require(not missing, str(path), 'whole, as it was saved; missing bytes must be 0', missing)
        known = row.get('sha256')
        same = known is None or file_sha256(path) == known
        require(same, str(path), f'as it was saved, with sha256 {known}', 'another file')


def report(
    rows: Sequence[dict[str, Any]], predictions: Sequence[int], successes: int, kind: str = 'video'
) -> None:
    """Compare and print; see :func:`run` for what it raises."""
    wins = [(r, p) for r, p in zip(rows, predictions, strict=True) if r['success']]
    same = sum(r['adversarial_prediction'] == p for r, p in wins)
    alike = sum(r['adversarial_prediction'] == p for r, p in zip(rows, predictions, strict=True))
    one, single = successes == 1, len(rows) == 1
    what = 'success still succeeds' if one else 'successes still succeed'
    print(f'{same} of {successes} reported {what} through the stock pipeline')
    what = 'prediction is that' if single else 'predictions are those'
    print(f'{alike} of {len(rows)} {what} of the report')
    if len(wins) < successes:
        lost = successes - len(wins)
        what = 'success has' if lost == 1 else 'successes have'
        raise RuntimeError(f'{lost} reported {what} no saved {kind}')
    if alike < len(rows):
        other = [
            r[kind]
            for r, p in zip(rows, predictions, strict=True)
            if r['adversarial_prediction'] != p
        ]
        raise RuntimeError(f'predictions differ for {", ".join(other[:5])}')
