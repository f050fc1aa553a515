"""Robustness cards as rows of one table, and as the table that a paper shows: a column a card."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from mmrobust.visualization.formatting import DASH, number
from mmrobust.visualization.run_table import RunColumn, Table
from mmrobust.visualization.threat_text import NORMS

Card = Mapping[str, Any]
CardRow = dict[str, Any]

KEYS = (
    *('card', 'model', 'config', 'checkpoint_sha256', 'seed', 'n'),
    *('part', 'name', 'title', 'severity', 'norm', 'eps', 'score', 'score_low', 'score_high'),
)
# In the order of a table's lines.
PARTS = ('clean', 'corruption', 'mean', 'cue', 'attack')
# A card's mean over its corruptions, and that over its clean score.
MEANS = {'mpc': 'mPC', 'rpc': 'rPC'}
ENDS = ('', '_low', '_high')
NOTE = (
    'In %: samples that are right, of a pose estimator joints; under an attack an upper bound. '
    'A corruption: the mean of its severities; mPC: the mean of the corruptions; rPC: that over '
    'the clean score; as the scenery: taken for the class of the video whose scenery is shown. '
    'In brackets: 95 % intervals over videos or photographs.'
)


def card_rows(name: str, card: Card) -> list[CardRow]:
    """A row for each figure of a card; shares are of 1.

    Args:
        name: Of its folder.
        card: Its ``card.json``.
    """
    model = card['model']
    same = {
        'card': name,
        'model': PurePath(model['config']).stem,
        'config': model['config'],
        'checkpoint_sha256': model['checkpoint_sha256'],
        'seed': card['seed'],
        'n': card['data']['evaluated'],
    }
    empty = dict.fromkeys(KEYS)
    return [empty | same | figure for figure in _figures(card)]


def _figures(card: Card) -> Iterator[CardRow]:
    found = card['corruptions']
    yield {'part': 'clean', 'name': 'clean'} | _scores(card['clean'], 'score')
    for name, kind in found['kinds'].items():
        for severity, cell in kind['cells'].items():
            own = {'part': 'corruption', 'name': name, 'severity': int(severity)}
            yield own | _scores(cell, 'score')
    for key, name in MEANS.items() if found['kinds'] else ():
        yield {'part': 'mean', 'name': name} | _scores(found, key)
    for name, cue in ((card.get('cues') or {}).get('cues') or {}).items():
        yield {'part': 'cue', 'name': name} | _scores(cue, 'score')
        if cue['background_error'] is not None:
            led = {'part': 'cue', 'name': f'{name}: as the scenery'}
            yield led | _scores(cue, 'background_error')
    for one in card['attacks']:
        own = {key: one[key] for key in ('name', 'title', 'norm', 'eps')}
        yield {'part': 'attack'} | own | attack_score(one, card)


def _scores(found: Mapping[str, Any], key: str) -> CardRow:
    return {f'score{end}': found[f'{key}{end}'] for end in ENDS}


def attack_score(one: Mapping[str, Any], card: Card) -> CardRow:
    """What is right under an attack; of joints, whose number varies, no interval is known."""
    limits = {f'score{end}': one[f'left{end}'] for end in ENDS[1:]}
    known = limits if card['unit'] == 'samples' else dict.fromkeys(limits)
    return {'score': one['score']} | known


def card_table(rows: Sequence[CardRow], warnings: Sequence[str]) -> Table:
    """The table of several cards: a line for each figure, a column for each card.

    Args:
        rows: Of ``card_rows``, of all cards.
        warnings: What a reader must know.
    """
    cards = {row['card']: row for row in rows}
    models = [row['model'] for row in cards.values()]
    lines = sorted(dict.fromkeys(map(_line, rows)), key=lambda line: PARTS.index(line[0]))
    labels = [_label(line) for line in lines]
    shown: list[CardRow] = [{'': 'n'} | {card: number(row['n'], 9) for card, row in cards.items()}]
    for line in lines:
        of_line = [row for row in rows if _line(row) == line]
        texts = {card: _text([r for r in of_line if r['card'] == card]) for card in cards}
        alone = labels.count(_label(line)) == 1
        shown.append({'': _label(line) if alone else f'{_label(line)} ({line[1]})'} | texts)
    columns = [RunColumn('', _cell(''), numeric=False)]
    for card, row in cards.items():
        alone = models.count(row['model']) == 1
        heading = row['model'] if alone else f'{row["model"]} ({card})'
        columns.append(RunColumn(heading, _cell(card)))
    apart = [*_severities_apart(rows), *_kinds_apart(rows)]
    return Table(rows, shown, columns, NOTE, [*warnings, *apart])


def _cell(key: str) -> Callable[[CardRow], str]:
    return lambda line: str(line[key])


def _line(row: CardRow) -> tuple[Any, ...]:
    """What rows of one line have in common."""
    return tuple(row[key] for key in ('part', 'name', 'title', 'norm', 'eps'))


def _label(line: tuple[Any, ...]) -> str:
    part, name, title, norm, eps = line
    if part != 'attack':
        return str(name).replace('_', ' ')
    return f'{title}, {NORMS.get(norm, norm)} {number(eps)}'


def _text(rows: Sequence[CardRow]) -> str:
    """'59.3 [56.6, 62.0]'; without limits where it is the mean of several severities."""
    scores = [row['score'] for row in rows]
    if not scores or None in scores:
        return DASH
    text = f'{100 * sum(scores) / len(scores):.1f}'
    limits = [rows[0][f'score{end}'] for end in ENDS[1:]]
    if len(rows) > 1 or None in limits:
        return text
    return f'{text} [{100 * limits[0]:.1f}, {100 * limits[1]:.1f}]'


def _severities_apart(rows: Sequence[CardRow]) -> list[str]:
    """A warning where cards, or kinds of one, have other severities than the rest."""
    found: dict[tuple[str, str], set[int]] = {}
    for row in rows:
        if row['part'] == 'corruption':
            found.setdefault((row['card'], row['name']), set()).add(row['severity'])
    apart: dict[str, list[str]] = {}
    for (card, _), severities in found.items():
        apart.setdefault(' '.join(map(str, sorted(severities))), []).append(card)
    if len(apart) < 2:
        return []
    parts = [f'{key}: {", ".join(dict.fromkeys(of))}' for key, of in apart.items()]
    return [f'severities differ, and such means are no comparison: {"; ".join(parts)}']


def _kinds_apart(rows: Sequence[CardRow]) -> list[str]:
    """A warning where cards have other kinds than the rest: their means are of other things."""
    kinds: dict[str, list[str]] = {row['card']: [] for row in rows}
    for row in rows:
        if row['part'] == 'corruption' and row['name'] not in kinds[row['card']]:
            kinds[row['card']].append(row['name'])
    if len({tuple(of) for of in kinds.values()}) < 2:
        return []
    parts = [f'{card}: {len(of)}' for card, of in kinds.items()]
    return [f'kinds differ, and mPC and rPC are no comparison: {", ".join(parts)}']
