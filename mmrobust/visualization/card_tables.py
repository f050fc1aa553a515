"""Robustness cards side by side: the board of many, and the comparison of two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from rich.console import Console

from mmrobust.evaluation.card_units import attack_options, kind_options
from mmrobust.functional.canonical import digest
from mmrobust.functional.naming import name_of
from mmrobust.visualization.card_rows import ENDS, attack_score
from mmrobust.visualization.files import write_csv, write_json
from mmrobust.visualization.formatting import DASH, counted, interval, number, percent
from mmrobust.visualization.study import StudyPage, write_study
from mmrobust.visualization.terminal import numbers_table, print_numbers

Card = Mapping[str, Any]
Row = Mapping[str, Any]

# Checkpoints of the package are of tiny networks, whatever their names say.
OWN = ('demo_victim.pth', 'demo_pose_victim.pth')
TINY = 'tiny victim, not the published model'
NOTE = (
    'Accuracy: of a recogniser the share of samples that are right, of a pose estimator of joints. '
    'natural: mean over the corruptions of the card, without cues; behind an attack: what is right '
    'under it. In brackets: 95 % intervals. Cards of other samples, corruptions or attacks are not '
    'comparable.'
)


def board_rows(cards: Mapping[str, Card]) -> list[dict[str, Any]]:
    """A row for each card, of equal keys.

    Args:
        cards: Folder -> card.
    """
    attacks = list(dict.fromkeys(one['name'] for card in cards.values() for one in card['attacks']))
    folders = [Path(folder) for folder in cards]
    names = [name_of(folder, folders) for folder in folders]
    return [_row(name, card, attacks) for name, card in zip(names, cards.values(), strict=True)]


def _asked(card: Card) -> str:
    """What was measured, and on what."""
    severities = card['corruptions']['severities']
    data = {key: value for key, value in card['data'].items() if key not in ('evaluated', 'failed')}
    same = [data, card['noun'], card['unit'], card['seed'], severities]
    return digest([*same, kind_options(card), attack_options(card)])


def _row(folder: str, card: Card, attacks: Sequence[str]) -> dict[str, Any]:
    found, clean = card['corruptions'], card['clean']
    kinds = f'{counted(len(found["kinds"]), "kind")}, s {" ".join(map(str, found["severities"]))}'
    row: dict[str, Any] = {
        'model': PurePath(card['model']['config']).stem,
        'folder': folder,
        # Cards of earlier versions do not say.
        'data': card['data'].get('dataset') or '',
        'kind': f'{card["noun"]}s',
        'samples': card['data']['evaluated'],
        'clean_accuracy': clean['score'],
        'clean_accuracy_low': clean['score_low'],
        'clean_accuracy_high': clean['score_high'],
        'corruptions': kinds,
        'natural_accuracy': found['mpc'],
        'natural_accuracy_low': found['mpc_low'],
        'natural_accuracy_high': found['mpc_high'],
    }
    known = {one['name']: one for one in card['attacks']}
    for name in attacks:
        one = known.get(name, {})
        scores = attack_score(one, card) if one else {}
        row |= {f'{name}_accuracy{end}': scores.get(f'score{end}') for end in ENDS}
    budgets = [f'{n} {one["norm"]} {number(one["eps"])}' for n, one in known.items()]
    row['budgets'] = ', '.join(budgets)
    own = PurePath(card['model']['checkpoint']).name in OWN
    return row | {'note': TINY if own else ''}


def print_board(rows: Sequence[Row], console: Console | None = None) -> None:
    """Print the table."""
    names = [name for name in rows[0] if not name.endswith(('_low', '_high')) and name != 'note']
    cells = [[_text(row, name) for name in names] for row in rows]
    columns = [name.replace('_accuracy', '').replace('_', ' ') for name in names]
    print_numbers(Console() if console is None else console, numbers_table(columns, cells))


def _text(row: Row, name: str) -> str:
    value = row[name]
    if not name.endswith('_accuracy'):
        return str(value)
    limits = [row[f'{name}_low'], row[f'{name}_high']]
    return percent(value) + ('' if None in limits else f' ({interval(limits)})')


def write_board(folder: Path, rows: Sequence[Row], cards: Sequence[Card]) -> None:
    """Write board.html, board.csv and board.json; missing folders are made.

    Args:
        folder: Where to.
        rows: Of ``board_rows``.
        cards: What they are of, in order.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / 'board.json', {'schema': 1, 'rows': list(rows)})
    write_csv(folder / 'board.csv', rows)
    known = [row for row in rows if row['natural_accuracy'] is not None]
    best = max(known, key=lambda row: float(row['natural_accuracy']), default=None)
    verdict = f'{counted(len(rows), "card")} side by side.'
    if len(set(map(_asked, cards))) > 1:
        verdict += ' They are not of the same samples, corruptions or attacks: no order.'
    elif best is not None and len(known) > 1:
        verdict = (
            f'Of {counted(len(rows), "card")} {best["model"]} ({best["folder"]}) has the highest '
            f'mean under natural corruption, {_text(best, "natural_accuracy")}; whether it is '
            'better than another, mmrobust compare says, pair by pair.'
        )
    page = StudyPage(
        title='Robustness board',
        kicker=counted(len(rows), 'card'),
        verdict=verdict,
        tiles=[],
        rows=rows,
        note=NOTE,
        plots=[],
        blocks=[],
        filters=('data', 'kind'),
    )
    write_study(folder / 'board.html', page)


def print_comparison(
    cards: Sequence[Card], lines: Sequence[Row], console: Console | None = None
) -> None:
    """Print both models' figures and the differences, paired by sample."""
    console = Console() if console is None else console
    for letter, card in zip('AB', cards, strict=True):
        console.print(f'{letter}: {card["model"]["config"]}, {card["model"]["checkpoint"]}')
    columns = ('figure', 'n', 'A', 'B', 'B - A', '95 % interval', '')
    cells = [
        [
            line['figure'],
            str(line['n']),
            percent(line['first']),
            percent(line['second']),
            f'{100 * line["difference"]:+.1f} pp',
            DASH
            if line['low'] is None
            else f'{100 * line["low"]:+.1f} to {100 * line["high"]:+.1f}',
            'worse' if line['worse'] else '',
        ]
        for line in lines
    ]
    print_numbers(console, numbers_table(columns, cells))
    few = any(line['low'] is None for line in lines)
    if few:
        console.print('Fewer than six units have no interval, and nothing counts as worse.')
