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

# How many files are named.
NAMED = 20


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
    rule = 'of a run of one model: the stock test has no fused streams'
    require(not card.get('streams'), 'WORK_DIR', rule, folder.name)
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
    wrong = [*_missing(reported, rows, kind), *check_numbers(card, reported)]
    if kind == 'track':
        played = stock.tracks(Path(videos), paths)
    else:
        played = stock.videos(Path(videos), rows, paths)
    predictions = [one['label'] for one in played.predictions]
    wins = sum(row.get('success', False) for row in reported)
    wrong += report(rows, predictions, wins, kind)
    if wrong:
        raise RuntimeError('; '.join(wrong))


def _missing(
    reported: Sequence[dict[str, Any]], there: Sequence[dict[str, Any]], kind: str
) -> list[str]:
    """What is told of files that are not there.

    Raises:
        RuntimeError: Tracks, of which one list holds all: they are played together or not at all.
    """
    kept = {row['index'] for row in there}
    gone = [row[kind] for row in reported if kind in row and row['index'] not in kept]
    text = f'{counted(len(gone), f"saved {kind}")} missing: {", ".join(gone[:NAMED])}'
    if gone and kind == 'track':
        raise RuntimeError(text)
    return [text] if gone else []


def check_numbers(card: dict[str, Any], rows: Sequence[dict[str, Any]]) -> list[str]:
    """What the report says other than its lines come to, each place named."""
    from mmrobust.engine.artifacts import finite
    from mmrobust.evaluation.differing import compared
    from mmrobust.evaluation.run_numbers import attack_numbers

    try:
        numbers = attack_numbers(rows, card.get('attack') or {})
    except KeyError as error:
        raise ValueError(f'results.jsonl must have {error} in each line') from error
    again = json.loads(json.dumps(finite(numbers)))
    wrong, lacking = compared(card, again)
    if lacking:
        print(f'not compared, as the report has none: {", ".join(lacking)}')
    return wrong


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

    altered = []
    for row, path in zip(rows, paths, strict=True):
        where = f'{ledger}: index {row["index"]}:'
        seen, success = row.get('adversarial_prediction'), row.get('success')
        require(whole(seen, 0), f'{where} adversarial_prediction', 'a class', seen)
        require(isinstance(success, bool), f'{where} success', 'true or false', success)
        known = row.get('sha256')
        missing = missing_bytes(str(path))
        if missing:
            altered.append(
                f'{path} must be whole, as it was saved; missing bytes must be 0, got {missing}'
            )
        elif known is not None and file_sha256(path) != known:
            altered.append(f'{path} must be as it was saved, with sha256 {known}')
    if altered:
        more = f'; and {len(altered) - NAMED} more' if altered[NAMED:] else ''
        raise ValueError('; '.join(altered[:NAMED]) + more)


def report(
    rows: Sequence[dict[str, Any]], predictions: Sequence[int], successes: int, kind: str = 'video'
) -> list[str]:
    """Compare and print; returns what differs."""
    wins = [(r, p) for r, p in zip(rows, predictions, strict=True) if r['success']]
    same = sum(r['adversarial_prediction'] == p for r, p in wins)
    alike = sum(r['adversarial_prediction'] == p for r, p in zip(rows, predictions, strict=True))
    one, single = successes == 1, len(rows) == 1
    what = 'success still succeeds' if one else 'successes still succeed'
    print(f'{same} of {successes} reported {what} through the stock pipeline')
    what = 'prediction is that' if single else 'predictions are those'
    print(f'{alike} of {len(rows)} {what} of the report')
    wrong = []
    if len(wins) < successes:
        lost = successes - len(wins)
        what = 'success has' if lost == 1 else 'successes have'
        wrong.append(f'{lost} reported {what} no saved {kind}')
    if alike < len(rows):
        other = [
            r[kind]
            for r, p in zip(rows, predictions, strict=True)
            if r['adversarial_prediction'] != p
        ]
        wrong.append(f'predictions differ for {", ".join(other[:NAMED])}')
    return wrong
