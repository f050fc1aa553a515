"""What a sweep over budgets leaves behind: JSON, CSV, a page, and a table to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from mmrobust.evaluation.sweep import all_frames, not_monotone, point
from mmrobust.visualization import summary
from mmrobust.visualization.files import write_csv, write_json
from mmrobust.visualization.formatting import DASH, counted, flatten, number, percent, plain
from mmrobust.visualization.study import StudyPage, write_study
from mmrobust.visualization.sweep_figures import sweep_plots
from mmrobust.visualization.terminal import numbers_table, print_numbers

Card = Mapping[str, Any]
Points = Sequence[Mapping[str, Any]]

SCHEMA = 1
NOTE = (
    'Accuracy over all n samples, success rate over the attacked ones; in brackets: 95 % Wilson '
    'intervals. frames, psnr (dB) and ssim: means over the successes; forwards, '
    'backwards and queries: means over the attacked.'
)
SHARED = (
    'config',
    'checkpoint',
    'checkpoint_sha256',
    'attack',
    'title',
    'surrogate',
    'space',
    'seed',
)


def write_sweep(
    folder: Path, cards: Mapping[float, Card], rows: Mapping[float, Sequence[dict[str, Any]]]
) -> None:
    """Write sweep.json, sweep.csv and sweep.html, and print the table.

    Args:
        folder: Where.
        cards: Budget -> the run's report.json, ascending.
        rows: Budget -> the run's lines.
    """
    first = next(iter(cards.values()))
    points = [point(eps, found) for eps, found in rows.items()]
    shared = {key: first[key] for key in (*SHARED, 'versions', 'failures')}
    shared['attack'] = _without_budget(first['attack'])
    missed = not_monotone(rows)
    found = {'points': points, 'not_monotone': missed}
    write_json(folder / 'sweep.json', {'schema': SCHEMA} | shared | found)
    write_csv(folder / 'sweep.csv', points)
    write_study(folder / 'sweep.html', study(shared, points, rows))
    print_sweep(shared, points)
    if missed:
        print(f'\n{missed_text(missed)}: {", ".join(missed[:5])}')
    print(f'\nreport: {folder / "sweep.html"}')


def study(
    shared: Card, points: Points, rows: Mapping[float, Sequence[dict[str, Any]]]
) -> StudyPage:
    """The page."""
    own = ('attack', 'title', 'surrogate')
    run = [(key, plain(shared[key])) for key in SHARED if key not in own]
    run.append(('gradients from', (shared['surrogate'] or {}).get('config', 'the model itself')))
    missed = not_monotone(rows)
    if missed:
        run.append(('not_monotone', missed_text(missed)))
    return StudyPage(
        title=heading(shared),
        kicker=heading(shared),
        verdict=verdict(points),
        tiles=_tiles(points, all_frames(rows)),
        rows=_columns(points, all_frames(rows)),
        note=NOTE,
        plots=sweep_plots(points, rows),
        blocks=[
            ('Run', run),
            ('Attack', flatten(shared['attack'])),
            ('Versions', flatten(shared['versions'])),
        ],
        failures=shared['failures'],
    )


def _columns(points: Points, all_change: bool) -> list[dict[str, Any]]:
    """The points without what says nothing: of frames that all change, of sizes nobody knows."""
    hidden = {'frames_total'} | ({'frames'} if all_change else set())
    hidden |= {key for key in ('psnr', 'ssim') if all(p[key] is None for p in points)}
    return [{key: value for key, value in p.items() if key not in hidden} for p in points]


def missed_text(missed: Sequence[str]) -> str:
    """What it means that samples fell at a budget and not at a larger one."""
    return (
        f'{counted(len(missed), "sample")} fooled at a budget and not at a larger one '
        '(not_monotone), where the attack missed them: more steps or restarts may find them'
    )


def heading(shared: Card) -> str:
    """'i3d under PGD (l_inf)'."""
    return f'{summary.config_name(shared)} under {summary.attack_text(shared)}'


def verdict(points: Points) -> str:
    """Clean accuracy, and that at the smallest and the largest budget, in one sentence."""
    known = [p for p in points if p['n']]
    if not known:
        return 'No sample was evaluated.'
    # The smallest and the largest that change anything, which may be the same.
    attacked = [p for p in known if p['eps'] > 0]
    ends = attacked[:1] + attacked[1:][-1:]
    if known[0]['clean_accuracy'] is None:
        # Nothing is annotated: predictions are compared with themselves.
        rates = [f'{percent(p["success_rate"])} at eps {number(p["eps"])}' for p in ends]
        return (
            f'The prediction changes in {", ".join(rates)}.' if rates else 'No sample is annotated.'
        )
    parts = [f'{percent(p["adversarial_accuracy"])} at eps {number(p["eps"])}' for p in ends]
    clean = f'Accuracy is {percent(known[0]["clean_accuracy"])} on clean videos'
    return ', '.join([clean, *parts]) + '.'


def print_sweep(shared: Card, points: Points, console: Console | None = None) -> None:
    """The budgets one below the other."""
    console = Console() if console is None else console
    columns = ('eps', 'clean', 'adversarial', 'success rate', 'of', 'frames', 'fwd/bwd')
    lines = [
        [
            number(p['eps']),
            percent(p['clean_accuracy']),
            _rate(p, 'adversarial_accuracy', p['n']),
            _rate(p, 'success_rate', p['attacked']),
            number(p['attacked']),
            number(p['frames'], 3),
            f'{number(p["forwards"], 3)}/{number(p["backwards"], 3)}',
        ]
        for p in points
    ]
    console.print(f'\n{heading(shared)}\n', markup=False, highlight=False, soft_wrap=True)
    print_numbers(console, numbers_table(columns, lines))


def _rate(found: Card, name: str, n: int) -> str:
    """'61.7 % (45–75)', the interval in whole per cent; a dash of nothing."""
    if not n or found[name] is None:
        return DASH
    low, high = (100 * found[f'{name}_{end}'] for end in ('low', 'high'))
    return f'{percent(found[name])} ({low:.0f}{DASH}{high:.0f})'


def _tiles(points: Points, all_change: bool) -> list[tuple[str, str, str]]:
    last = points[-1]
    remark = f'eps {number(last["eps"])}'
    accuracies = [
        ('clean accuracy', percent(points[0]['clean_accuracy']), f'{points[0]["n"]} samples'),
        ('accuracy under attack', percent(last['adversarial_accuracy']), remark),
    ]
    frames = [('frames per success', number(last['frames'], 3), remark)]
    return [
        *(tile for tile in accuracies if tile[1] != DASH),
        ('success rate', percent(last['success_rate']), f'{remark}, n = {last["attacked"]}'),
        *([] if all_change else frames),
    ]


def _without_budget(attack: Mapping[str, Any]) -> dict[str, Any]:
    """The attack's options, of which one differs between the runs."""
    found = dict(attack)
    if isinstance(found.get('threat'), Mapping):
        found['threat'] = _without_budget(found['threat'])
    found.pop('eps', None)
    return found
