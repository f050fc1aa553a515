"""A robustness card: JSON, a page, and a table to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from rich.console import Console

from mmrobust.evaluation.card_files import CORRUPTIONS
from mmrobust.evaluation.cues import CUE
from mmrobust.evaluation.summary import Row
from mmrobust.visualization import cues
from mmrobust.visualization.corruption_rows import per_cent_of_box
from mmrobust.visualization.corruptions import ALIKE, mean_name
from mmrobust.visualization.files import write_json
from mmrobust.visualization.formatting import DASH, counted, interval, number, percent
from mmrobust.visualization.page import Preview
from mmrobust.visualization.plot import Plot
from mmrobust.visualization.severity_curves import severity_plots
from mmrobust.visualization.study import StudyPage, write_study
from mmrobust.visualization.svg import ADVERSARIAL, CLEAN, GOOD, MUTED
from mmrobust.visualization.terminal import numbers_table, print_numbers

Card = Mapping[str, Any]

NOTE = (
    'score: of a recogniser the share of samples that are right, of a pose estimator the share of '
    'joints within a fifth of the box; of clean: divided by the clean score; kept: how much of '
    'the clean prediction is left, or under attack how many of the attacked are not fooled; noise '
    'alike: the score under white noise that changes the frames by as much. A corruption is one '
    'draw that knows nothing of the model, an attack the worst that was found: '
    'an upper bound still. The two are not averaged. jitter: of poses in videos, the mean third '
    'difference in time of a joint, in hundredths of the longer side of the box.'
)
OF_TRACKS = (
    'score: the share of tracks that are classified right; of clean: divided by the clean score; '
    'kept: how many predictions stay as they were, or under attack how many of the attacked are '
    'not fooled; noise alike: the score under noise that moves joints by as much, of kinds that '
    'move joints and take none away. A corruption is one draw that knows nothing of the model, an '
    'attack the worst that was found: an upper bound still. The two are not averaged. Budgets of '
    'attacks are counted in '
)
COLUMNS = ('what', 'how', 'score', 'interval', 'of clean', 'kept', 'noise alike', 'calls', 'jitter')


def write_card(folder: Path, card: Card) -> None:
    """Write card.json and card.html.

    Args:
        folder: Of the card; its runs lie in folders inside.
        card: From :func:`~mmrobust.evaluation.card.card_of`.
    """
    write_json(folder / 'card.json', card)
    parts = [(name, f'{name}/report.html') for name in ('corruptions', *_names(card))]
    model = [(key, str(value)) for key, value in card['model'].items()]
    page = StudyPage(
        title=f'{_name(card)}: robustness card',
        kicker=f'{_name(card)}, {counted(card["data"]["evaluated"], card["noun"])}',
        verdict=card['sentence'],
        tiles=_tiles(card),
        rows=[dict(zip(_columns(card), row, strict=True)) for row in _rows(card)],
        note=f'{OF_TRACKS}{unit}.' if (unit := card.get('change_unit')) else NOTE,
        tables=[(cues.TITLE, cues.NOTE, rows)] if (rows := _cue_rows(card)) else [],
        plots=card_plots(card),
        previews=_strips(folder, card),
        blocks=[
            *_parts_of(card),
            ('Left out', list((card.get('left_out') or {}).items())),
            ('Model', model),
            ('Runs', parts),
            ('Versions', [(k, str(v)) for k, v in card['versions'].items()]),
        ],
    )
    write_study(folder / 'card.html', page)


def card_plots(card: Card, rows: Sequence[Row] = ()) -> list[Plot]:
    """The figures of a card.

    Args:
        card: From :func:`~mmrobust.evaluation.card.card_of`.
        rows: Lines of its run of corruptions, for intervals that the card does not have.
    """
    # A run of corruptions alone has nothing to stand beside them.
    bars = [_bars(card)] if card['attacks'] else []
    curves = severity_plots(card['corruptions'], card['clean'], rows)
    return [*bars, *curves, *cues.cue_plots(_cues(card), card['clean'])]


def _strips(folder: Path, card: Card) -> list[Preview]:
    """One frame of the first sample, under the worst kind and with every cue, beside the clean."""
    worst = str(card['corruptions']['worst'] or '').split('/')[0]
    titles = {worst: f'{worst}, clean and at each severity'}
    titles |= {CUE: 'the first sample, clean and filmed again'} if _cues(card) else {}
    paths = {title: folder / CORRUPTIONS / 'strips' / f'{n}.png' for n, title in titles.items()}
    there = {title: path.read_bytes() for title, path in paths.items() if path.is_file()}
    return [Preview(t, content, '', '.png', ALIKE) for t, content in there.items()]


def _parts_of(card: Card) -> list[tuple[str, list[tuple[str, str]]]]:
    """Blocks by class and by joint; cards of earlier versions have no joints."""
    blocks = []
    for title, key, name in (('By class', 'classes', 'class'), ('By joint', 'joints', 'joint')):
        facts = []
        for line in card.get(key) or []:
            count = f' ({line["n"]})' if 'n' in line else ''
            values = [f'{k} {percent(v)}' for k, v in line.items() if k not in (name, 'n')]
            facts.append((f'{line[name]}{count}', ', '.join(values)))
        if facts:
            blocks.append((title, facts))
    return blocks


def print_card(card: Card, console: Console | None = None) -> None:
    """Print the table and the sentence."""
    console = Console() if console is None else console
    console.print(f'\n{_name(card)}: robustness card\n', style='bold', highlight=False)
    print_numbers(console, numbers_table(_columns(card), _rows(card)))
    if rows := _cue_rows(card):
        console.print()
        print_numbers(console, numbers_table(cues.COLUMNS, [list(row.values()) for row in rows]))
    for cell, hole in {**card['corruptions']['holes'], **cues.cue_holes(_cues(card))}.items():
        text = f'hole: {cell} is missing for {hole["samples"]} samples: {hole["why"]}'
        console.print(text, highlight=False, markup=False, soft_wrap=True)
    console.print(f'\n{card["sentence"]}', highlight=False, soft_wrap=True)


def _rows(card: Card) -> list[list[str]]:
    """Clean, each kind of corruption, all of them, each attack; cells in the order of COLUMNS."""
    clean, found = card['clean']['score'], card['corruptions']
    moving = card.get('jitter')
    rows = [['clean', '', percent(clean), _limits(card['clean'], 'score'), '', '', '', '']]
    rows[0].append(per_cent_of_box(moving['clean']) if moving else '')
    for name, kind in found['kinds'].items():
        kept = [cell['kept'] for cell in kind['cells'].values()]
        mean = None if None in kept else sum(kept) / len(kept)
        score = [percent(kind['mean']), '', _of(kind['mean'], clean), percent(mean)]
        control = kind.get('control')
        jitter = per_cent_of_box(moving['kinds'][name]) if moving else ''
        alike = '' if control is None else percent(control)
        rows.append([name, kind['group'], *score, alike, '', jitter])
    means = ['all kinds', mean_name(found), percent(found['mpc']), _limits(found, 'mpc')]
    if found['kinds']:
        rows.append([*means, percent(found['rpc']), percent(found['consistency']), '', '', ''])
    for one in card['attacks']:
        how = f'{one["title"]}, {one["norm"]} {number(one["eps"])}'
        limits = _limits(one, 'left') if card['unit'] == 'samples' else ''
        score = [percent(one['score']), limits, _of(one['score'], clean), percent(one['kept'])]
        rows.append([one['name'], how, *score, '', number(one['calls'], 3), ''])
    return rows if moving else [row[:-1] for row in rows]


def _columns(card: Card) -> tuple[str, ...]:
    """Of the table; jitter where poses are those of videos."""
    return COLUMNS if card.get('jitter') else COLUMNS[:-1]


def _cues(card: Card) -> Card:
    """Cards of earlier versions have none."""
    found: Card = card.get('cues') or {}
    return found


def _cue_rows(card: Card) -> list[dict[str, str]]:
    return cues.cue_rows(_cues(card), card['clean']['score'])


def _of(value: float | None, clean: float | None) -> str:
    return percent(value / clean) if value is not None and clean else DASH


def _limits(figures: Mapping[str, Any], name: str) -> str:
    limits = [figures[f'{name}_low'], figures[f'{name}_high']]
    return '' if None in limits else interval(limits)


def _tiles(card: Card) -> list[tuple[str, str, str]]:
    found, clean = card['corruptions'], card['clean']
    key = 'kept' if clean['score'] is None else 'score'
    tiles = []
    if clean['score'] is not None:
        tiles.append(('clean', percent(clean['score']), _limits(clean, 'score')))
        if found['kinds']:
            tiles.append(('natural corruption', percent(found['mpc']), _limits(found, 'mpc')))
    else:
        tiles.append(('kept under corruption', percent(found['consistency']), ''))
    for name, value in cues.cue_facts(_cues(card)):
        main, _, limits = value.partition(' (')
        tiles.append((name, main, limits.rstrip(')').removeprefix('95 %: ')))
    tiles += [
        (
            one['name'].replace('_', ' '),
            percent(one[key]),
            f'{"right" if key == "score" else "not fooled"} at {one["norm"]} {number(one["eps"])}',
        )
        for one in card['attacks']
    ]
    return tiles


def _bars(card: Card) -> Plot:
    """Clean, kinds and attacks side by side."""
    key = 'kept' if card['clean']['score'] is None else 'score'
    bars = [] if key == 'kept' else [('clean', card['clean']['score'], MUTED)]
    for name, kind in card['corruptions']['kinds'].items():
        values = [cell[key] for cell in kind['cells'].values()]
        bars.append((name, None if None in values else sum(values) / len(values), CLEAN))
    for one in card['attacks']:
        bars.append((one['name'], one[key], GOOD if one['control'] else ADVERSARIAL))
    known = [bar for bar in bars if bar[1] is not None]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        names, lengths, colours = zip(*known, strict=True)
        axes.barh(range(len(known)), lengths, color=colours, height=0.7)
        axes.set_yticks(range(len(known)), names)
        axes.invert_yaxis()
        axes.set_xlim(0, 1.03)
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.tick_params(length=0)
        axes.grid(axis='x')

    title = 'Score' if key == 'score' else 'Predictions kept'
    note = 'Corruptions: mean over severities. Green: noise of the size of the attacks.'
    return Plot(title, 'bars', draw, 0.8 + 0.17 * len(known), note)


def _names(card: Card) -> list[str]:
    return [one['name'] for one in card['attacks']]


def _name(card: Card) -> str:
    return PurePath(card['model']['config']).stem
