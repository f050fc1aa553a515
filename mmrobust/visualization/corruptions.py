"""A corruption run on the terminal and as a page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from rich.console import Console

from mmrobust.visualization import cues
from mmrobust.visualization.corruption_rows import (
    key_of,
    kind_rows,
    note_of,
    per_cent_of_box,
)
from mmrobust.visualization.formatting import counted, duration, interval, percent
from mmrobust.visualization.page import Preview
from mmrobust.visualization.severity_curves import severity_plots
from mmrobust.visualization.study import StudyPage, write_study
from mmrobust.visualization.terminal import numbers_table, print_numbers

Card = Mapping[str, Any]

# What a strip shows.
ALIKE = 'one frame of the sample in all its versions, side by side'


def print_corruptions(card: Card, console: Console | None = None) -> None:
    """Print scores by kind and severity, what they come to, holes and failed samples."""
    console = Console() if console is None else console
    key = key_of(card)
    console.print(f'\n[bold]{_name(card)}[/bold], {_samples(card)}\n', highlight=False)
    for head, rows in ((key, kind_rows(card, key)), ('cue', _cue_rows(card))):
        if rows:
            columns, cells = [head, *list(rows[0])[1:]], [list(row.values()) for row in rows]
            print_numbers(console, numbers_table(columns, cells))
            console.print()
    facts = _facts(card)
    width = 2 + max((len(name) for name, _ in facts), default=0)
    for name, value in facts:
        console.print(f'{name:<{width}}{value}', highlight=False, soft_wrap=True)
    for cell, hole in _holes(card).items():
        text = f'{cell} is missing for {hole["samples"]} of {card["evaluated"]}: {hole["why"]}'
        console.print(f'hole: {text}', highlight=False, markup=False, soft_wrap=True)
    for one in card['failures'][:3]:
        console.print(f'failed: {one["name"]}: {one["error"]}', markup=False, soft_wrap=True)
    console.print(f'\n{_verdict(card)}', highlight=False, soft_wrap=True)


def write_corruptions(path: Path, card: Card, strips: Mapping[str, bytes]) -> None:
    """Write the page.

    Args:
        path: The .html file.
        card: As in ``report.json``.
        strips: Kind -> a .png of the first sample at all severities.
    """
    holes = [
        (cell, f'{hole["samples"]} of {card["evaluated"]}: {hole["why"]}')
        for cell, hole in _holes(card).items()
    ]
    facts = [(k, str(card[k])) for k in ('config', 'checkpoint', 'checkpoint_sha256', 'seed')]
    facts.append(('time', duration(card['wall_time'])))
    options = [(name, _options(of)) for name, of in card['corruptions'].items()]
    rows, cue_rows = kind_rows(card, key_of(card)), _cue_rows(card)
    more = [(cues.TITLE, cues.NOTE, cue_rows)] if rows and cue_rows else []
    page = StudyPage(
        title=f'{_name(card)}: natural corruptions',
        kicker=f'{_name(card)}, {_kinds(card)}',
        verdict=_verdict(card),
        tiles=_tiles(card),
        rows=rows or cue_rows,
        note=note_of(card) if rows else cues.NOTE,
        tables=more,
        plots=[*severity_plots(card, card['clean']), *cues.cue_plots(card, card['clean'])],
        previews=[
            Preview(name, found, _caption(card, name), '.png', ALIKE)
            for name, found in strips.items()
        ],
        blocks=[
            *([('Holes', holes)] if holes else []),
            ('Run', facts),
            ('Kinds', options),
            ('Versions', [(k, str(v)) for k, v in card['versions'].items()]),
        ],
        failures=card['failures'],
    )
    write_study(path, page)


def _cue_rows(card: Card) -> list[dict[str, str]]:
    return cues.cue_rows(card, card['clean']['score'])


def _kinds(card: Card) -> str:
    counts = {'corruption': len(card['kinds']), 'cue': len(card.get('cues') or {})}
    return ', '.join(f'{counted(n, "kind")} of {what}' for what, n in counts.items() if n)


def _holes(card: Card) -> dict[str, Any]:
    return {**card['holes'], **cues.cue_holes(card)}


def _facts(card: Card) -> list[tuple[str, str]]:
    """What the cells come to."""
    pairs = []
    if card['clean']['score'] is not None:
        pairs.append(('clean', percent(card['clean']['score'])))
    for name in ('mpc', 'rpc'):
        if card[name] is not None:
            label = {'mpc': mean_name(card), 'rpc': _rpc_name(card)}[name]
            pairs.append((label, percent(card[name]) + _limits(card, name)))
    if card['consistency'] is not None:
        pairs.append(('prediction kept', percent(card['consistency'])))
    if card.get('jitter') is not None:
        pairs += jitter_facts(card['jitter'])
    if card['worst'] is not None:
        pairs.append(('worst cell', f'{card["worst"]}: {percent(_of_cell(card, card["worst"]))}'))
    return pairs + cues.cue_facts(card)


def mean_name(card: Card) -> str:
    """What the mean is called: over some severities it says which, and is no mPC."""
    some = card['severities']
    return 'mPC' if len(some) == 5 else f'mean over severities {", ".join(map(str, some))}'


def jitter_facts(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """How clean poses move, beside the truth if there is one."""
    clean = found['clean']
    pairs = [('jitter, clean', per_cent_of_box(clean))]
    if found['reference'] == 'truth':
        truth = {'jitter': clean['reference_jitter']}
        pairs.append(('jitter, truth', per_cent_of_box(truth)))
        for key, name in (('acceleration_error', 'acceleration error'), ('flicker', 'flicker')):
            pairs.append((f'{name}, clean', per_cent_of_box({'jitter': clean[key]})))
    pairs = [(name, f'{value} (% of the box)') for name, value in pairs]
    if found['untracked']:
        pairs.append(('frames without tracks', str(found['untracked'])))
    return pairs


def _rpc_name(card: Card) -> str:
    return 'rPC' if mean_name(card) == 'mPC' else 'the same over clean'


def _limits(card: Card, name: str) -> str:
    limits = [card[f'{name}_low'], card[f'{name}_high']]
    return '' if None in limits else f' (95 %: {interval(limits)})'


def _of_cell(card: Card, cell: str) -> float | None:
    name, severity = cell.split('/')
    cells = card['kinds'][name]['cells']
    found: float | None = cells.get(int(severity), cells.get(severity))[key_of(card)]
    return found


def _verdict(card: Card) -> str:
    """One sentence for who does not read tables."""
    if card['holes']:
        kinds = len({cell.split('/')[0] for cell in card['holes']})
        return f'{counted(kinds, "kind")} of corruption could not be made: there is no mean.'
    sentence = cues.cue_sentence(card, card['clean']['score'])
    if not card['kinds'] and sentence:
        return sentence
    if card['clean']['score'] is not None and card['mpc'] is not None:
        worst = f'{percent(_of_cell(card, card["worst"]))} in the worst case ({card["worst"]})'
        return (
            f'Of what is right, {percent(card["clean"]["score"])} when clean, '
            f'{percent(card["mpc"])} is left on average under corruption and {worst}.'
        )
    if card['consistency'] is not None:
        return (
            f'Under corruption {percent(card["consistency"])} of the predictions stay as they were.'
        )
    return 'Nothing could be measured.'


def _tiles(card: Card) -> list[tuple[str, str, str]]:
    remarks = {'worst cell': '', 'clean': _samples(card)}
    found = []
    for name, value in _facts(card):
        main, _, remark = value.partition(' (')
        if name == 'worst cell':
            remark, main = value.split(': ')
        found.append((name, main, remark.rstrip(')') or remarks.get(name, '')))
    return found


def _caption(card: Card, name: str) -> str:
    if name not in card['kinds']:
        return 'the first sample, filmed again'
    cells = card['kinds'][name]['cells'].values()
    return f'{key_of(card)}: ' + ', '.join(percent(cell[key_of(card)]) for cell in cells)


def _options(options: Mapping[str, Any]) -> str:
    own = [f'{key}={value}' for key, value in options.items() if key != 'type']
    return ', '.join(own) or 'as published'


def _name(card: Card) -> str:
    return PurePath(card['config']).stem


def _samples(card: Card) -> str:
    return counted(card['evaluated'], card['sample']['noun'])
