"""What a transfer run leaves behind: JSON, CSV, a page, a figure, and a table to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from mmrobust.io.atomic import replacing
from mmrobust.ledger.provenance import versions
from mmrobust.transfer.matrix import Cell, cells
from mmrobust.transfer.spec import TransferSpec
from mmrobust.transfer.victims import describe_victims
from mmrobust.visualization.files import write_csv, write_json
from mmrobust.visualization.formatting import DASH, counted, flatten, number, percent
from mmrobust.visualization.study import StudyPage, write_study
from mmrobust.visualization.terminal import numbers_table, print_numbers
from mmrobust.visualization.transfer_figures import transfer_plots, transfer_svg

SCHEMA = 1
NOTE = (
    'both right: samples that source and target classify right; successes and success rate are '
    'over them. target right: samples that the target classifies right, and successes over them. '
    'In brackets: 95 % Wilson intervals. l_inf (in grey levels, of '
    'tracks in the unit of eps) and frames: means over successes.'
)


def write_report(
    rows: Sequence[dict[str, Any]], spec: TransferSpec, name: str, folder: Path, wall_time: float
) -> dict[str, Any]:
    """Write transfer.json, .csv, .html and .svg, and print the matrices.

    Args:
        rows: The ledger's lines.
        spec: What was done.
        name: Path of the spec.
        folder: The work directory.
        wall_time: Seconds that the run took.

    Returns:
        What transfer.json holds.
    """
    card = transfer_card(rows, spec, name, wall_time)
    write_json(folder / 'transfer.json', card)
    write_csv(folder / 'transfer.csv', card['cells'])
    write_study(folder / 'transfer.html', study(card, name))
    with replacing(folder / 'transfer.svg') as temporary:
        temporary.write_text(transfer_svg(card['cells']), encoding='utf-8')
    print_matrices(card)
    print(f'\nreport: {folder / "transfer.html"}')
    return card


def transfer_card(
    rows: Sequence[dict[str, Any]], spec: TransferSpec, name: str, wall_time: float
) -> dict[str, Any]:
    """Everything that transfer.json says."""
    failures = [
        {'index': row['sample'], 'name': row['name'], 'error': row['error']}
        for row in rows
        if row['error'] is not None
    ]
    total = len({row['sample'] for row in rows})
    flags: dict[str, int] = {}
    for row in rows:
        for flag in row['flags']:
            flags[flag] = flags.get(flag, 0) + 1
    return {
        'schema': SCHEMA,
        'spec': {'file': name} | asdict(spec),
        'attacks': spec.describe_attacks(),
        'titles': {name: attack.title for (name, _), attack in spec.build_attacks().items()},
        'victims': describe_victims(spec),
        'versions': versions(),
        'n': total,
        'evaluated': total - len(failures),
        'failed': len(failures),
        'failures': failures,
        'flags': dict(sorted(flags.items())),
        'wall_time': wall_time,
        'cells': cells(rows, spec),
    }


def study(card: dict[str, Any], name: str) -> StudyPage:
    """The page."""
    spec = card['spec']
    run = [
        ('spec', name),
        ('samples', f'{card["evaluated"]} evaluated, {card["failed"]} failed to load'),
        ('success decided by', f'the {spec["success_on"]}'),
        ('clips are taken at', taken_at(card)),
        ('space', spec['space']),
        ('seed', str(spec['seed'])),
    ]
    flags = [(flag, counted(times, 'clip')) for flag, times in card['flags'].items()]
    largest = spec['eps'][-1]
    return StudyPage(
        title=f'Transfer: {Path(name).stem}',
        kicker=f'{Path(name).stem}: transfer between {len(card["victims"])} victims',
        verdict=verdict(card['cells'], largest),
        tiles=_tiles(card['cells'], largest),
        rows=card['cells'],
        note=NOTE,
        plots=transfer_plots(card['cells']),
        blocks=[
            ('Run', run + flags),
            ('Attacks', [*card['titles'].items(), *flatten(card['attacks'])]),
            ('Victims', [(key, _origin(value)) for key, value in card['victims'].items()]),
            ('Versions', flatten(card['versions'])),
        ],
        failures=card['failures'],
    )


def taken_at(card: dict[str, Any]) -> str:
    """'the last step (pgd, mi), the first success (saliency)'."""
    stops = {name: options['stops'] for name, options in card['attacks'].items()}
    return ', '.join(
        f'the {stop} ({", ".join(name for name in stops if stops[name] == stop)})'
        for stop in dict.fromkeys(stops.values())
    )


def _origin(victim: dict[str, Any]) -> str:
    """Where a victim comes from, on one line."""
    changes = [f'{key}={value}' for key, value in victim['overrides'].items()]
    digest = f'sha256 {str(victim["checkpoint_sha256"])[:12]}'
    return ', '.join([victim['config'], victim['checkpoint'], digest, *changes])


def verdict(found: Sequence[Cell], eps: float) -> str:
    """White box and transfer at the largest budget, in one sentence."""
    parts = []
    for white, whom in ((True, 'the victim that they were crafted on'), (False, 'another one')):
        rates = _rates(found, eps, white)
        if rates:
            parts.append(f'{whom} in {_range(rates)}')
    if not parts:
        return 'No sample was classified right by source and target.'
    return f'At eps {number(eps)}, clips fool {" and ".join(parts)} of cases.'


def print_matrices(card: dict[str, Any], console: Console | None = None) -> None:
    """Success rates and accuracies with their numbers of samples, a table per attack and eps."""
    console = Console() if console is None else console
    spec = card['spec']
    for attack in spec['attacks']:
        for eps in spec['eps']:
            panel = [c for c in card['cells'] if (c['attack'], c['eps']) == (attack, eps)]
            rows = []
            for source in spec['sources']:
                line = [c for c in panel if c['source'] == source]
                rows.append([source, *(_entry(c['success_rate'], c['both_right']) for c in line)])
                found = (_entry(c['target_success_rate'], c['target_right']) for c in line)
                rows.append(['  of all that the target has right', *found])
                left = (f'{percent(c["adversarial_accuracy"])} ({c["n"]})' for c in line)
                rows.append(['  accuracy that is left', *left])
            heading = f'\n{attack}: {card["titles"][attack]}, eps {number(eps)}'
            console.print(heading, markup=False, highlight=False, soft_wrap=True)
            print_numbers(console, numbers_table(('crafted on', *spec['targets']), rows))
    accuracy = [
        [c['target'], percent(c['clean_accuracy'])] for c in card['cells'][: len(spec['targets'])]
    ]
    console.print()
    print_numbers(console, numbers_table(('victim', 'clean accuracy'), accuracy))
    text = f'success rate (samples that both classify right), {card["evaluated"]} evaluated'
    console.print(f'\n{text}\nclips are taken at {taken_at(card)}', highlight=False, markup=False)
    for failure in card['failures']:
        text = f'failed to load: {failure["name"]}: {failure["error"]}'
        console.print(text, markup=False, highlight=False, soft_wrap=True)


def _entry(rate: float | None, count: int) -> str:
    """'61.7 % (37)'."""
    return f'{DASH if rate is None else percent(rate)} ({count})'


def _rates(found: Sequence[Cell], eps: float, white: bool) -> list[float]:
    chosen = [c for c in found if c['eps'] == eps and c['white_box'] is white]
    return [c['success_rate'] for c in chosen if c['success_rate'] is not None]


def _range(rates: Sequence[float]) -> str:
    low, high = percent(min(rates)), percent(max(rates))
    return low if low == high else f'{low} to {high}'


def _tiles(found: Sequence[Cell], eps: float) -> list[tuple[str, str, str]]:
    """The strongest cells at the largest budget, and what was measured."""
    tiles = []
    for white, name in ((True, 'strongest white box'), (False, 'strongest transfer')):
        rates = _rates(found, eps, white)
        if rates:
            alike = [c for c in found if c['eps'] == eps and c['white_box'] is white]
            best = next(c for c in alike if c['success_rate'] == max(rates))
            pair = best['target'] if white else f'{best["source"]} to {best["target"]}'
            tiles.append((name, percent(best['success_rate']), f'{best["attack"]}, {pair}'))
    return [*tiles, ('samples', number(found[0]['n'], 9), counted(len(found), 'cell'))]
