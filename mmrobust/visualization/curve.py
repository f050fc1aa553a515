"""Robust accuracy at every budget, from one run or several: JSON, CSV, a page, and a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from rich.console import Console

from mmrobust.evaluation import eps_star
from mmrobust.visualization import summary
from mmrobust.visualization.curves import COLOURS, DASHES, legend, share_axis
from mmrobust.visualization.files import write_csv, write_json
from mmrobust.visualization.formatting import DASH, number, percent
from mmrobust.visualization.plot import Plot
from mmrobust.visualization.study import StudyPage, write_study
from mmrobust.visualization.svg import ADVERSARIAL, shortened
from mmrobust.visualization.terminal import numbers_table, print_numbers

Run = tuple[str, Mapping[str, Any], Sequence[dict[str, Any]]]

SCHEMA = 1
ENVELOPE = 'all together'
# Budgets that are printed unless others are asked for.
SHOWN = 8
NOTE = (
    'Each sample counts until the smallest perturbation that fooled it (eps*), rounded as it '
    'would be saved; samples that are wrong when clean count nowhere. right: right when clean; '
    'median: of eps* over those (a dash: most were never fooled); closest: on how many of them no '
    'other run came nearer; optimality: 1 where a run is as near as all together everywhere; '
    'calls: mean forwards, backwards and queries of another model of an attacked sample. All of '
    'it are upper bounds: a stronger attack can only lower them.'
)

FIXED = (
    'Runs at a fixed budget looked for nothing smaller: below it their curves say what they met '
    'by the way, no more.'
)


def write_curve(folder: Path | None, runs: Sequence[Run], budgets: Sequence[float] | None) -> None:
    """Print the table; write curve.json, curve.csv and curve.html into ``folder``, if any.

    Args:
        folder: Where.
        runs: Name, report and lines of runs on the same samples.
        budgets: To print; None: some of those at which a curve falls.
    """
    norm = eps_star.norm_of(runs[0][1]['threat'])
    titles = _titles(runs)
    distances = [[eps_star.distance(row, norm) for row in rows] for _, _, rows in runs]
    best = eps_star.envelope(distances)
    lines = [
        eps_star.run_line(title, found, best, summary.calls(card))
        for title, found, (_, card, _) in zip(titles, distances, runs, strict=True)
    ]
    if len(runs) > 1:
        titles, distances = [*titles, ENVELOPE], [*distances, best]
        lines.append(eps_star.run_line(ENVELOPE, best, best, None))
    chosen = _some(eps_star.places(distances)) if budgets is None else sorted(set(budgets))
    _print(Console(), norm, lines, distances, chosen)
    if any(_fixed(rows) for _, _, rows in runs):
        print(f'\n{FIXED}')
    if folder is None:
        return
    first = runs[0][1]
    points = {
        title: eps_star.points(found, eps_star.places([found]))
        for title, found in zip(titles, distances, strict=True)
    }
    about = {key: first.get(key) for key in ('config', 'checkpoint', 'space', 'threat', 'goal')}
    content = {'schema': SCHEMA, 'norm': norm} | about | {'runs': lines, 'points': points}
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / 'curve.json', content)
    flat = [{'run': title, **one} for title, found in points.items() for one in found]
    write_csv(folder / 'curve.csv', flat)
    write_study(folder / 'curve.html', _page(first, norm, lines, distances, chosen))
    print(f'\nreport: {folder / "curve.html"}')


def _fixed(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a run fooled samples, and never asked how little would have done."""
    fooled = [row for row in rows if row['success']]
    return bool(fooled) and not any('eps_star' in row['measures'] for row in fooled)


def _titles(runs: Sequence[Run]) -> list[str]:
    """What the runs are called: by their attacks, and by their folders where these are alike."""
    names = [str(card.get('title') or card['attack']['type']) for _, card, _ in runs]
    return [
        name if names.count(name) == 1 else f'{name} ({Path(folder).name})'
        for name, (folder, _, _) in zip(names, runs, strict=True)
    ]


def _some(places: Sequence[float]) -> list[float]:
    """A few budgets, the first and the last among them."""
    last = len(places) - 1
    return [places[i] for i in sorted({round(k * last / (SHOWN - 1)) for k in range(SHOWN)})]


def _print(
    console: Console,
    norm: str,
    lines: Sequence[Mapping[str, Any]],
    distances: Sequence[Sequence[float]],
    budgets: Sequence[float],
) -> None:
    """Two tables: the runs, and what is left at the budgets."""
    columns = ('attack', 'fooled', 'median eps*', 'closest', 'optimality', 'calls')
    cells = [
        [
            str(line['run']),
            f'{line["fooled"]} of {line["right"]}',
            number(line['median'], 3),
            number(line['closest']),
            DASH if line['optimality'] is None else f'{line["optimality"]:.3f}',
            number(line['calls'], 3),
        ]
        for line in lines
    ]
    print_numbers(console, numbers_table(columns, cells))
    console.print()
    heads = [f'accuracy left at {norm} eps', *map(number, budgets)]
    left = [
        [str(line['run']), *(percent(eps_star.robust_accuracy(found, eps)) for eps in budgets)]
        for line, found in zip(lines, distances, strict=True)
    ]
    print_numbers(console, numbers_table(heads, left))


def _page(
    card: Mapping[str, Any],
    norm: str,
    lines: Sequence[Mapping[str, Any]],
    distances: Sequence[Sequence[float]],
    budgets: Sequence[float],
) -> StudyPage:
    best = distances[-1]
    several = len(lines) > 1
    rows = [
        dict(line)
        | {
            f'at_eps_{number(eps)}_accuracy': eps_star.robust_accuracy(found, eps)
            for eps in budgets
        }
        for line, found in zip(lines, distances, strict=True)
    ]
    worst = lines[-1]
    attacks = f'{len(lines) - 1} runs together' if several else str(worst['run'])
    return StudyPage(
        title=f'{summary.config_name(card)}: robust accuracy',
        kicker=f'{summary.config_name(card)}, {norm}',
        verdict=_verdict(worst, best, attacks),
        tiles=[
            ('right when clean', f'{worst["right"]} of {worst["n"]}', 'samples'),
            ('fooled', f'{worst["fooled"]} of {worst["right"]}', 'at any budget tried'),
            ('median eps*', number(worst['median'], 3), f'{norm}, {attacks}'),
        ],
        rows=rows,
        note=f'{NOTE} {FIXED}',
        plots=[_plot(norm, lines, distances)],
        blocks=[('Samples', [(k, str(card.get(k))) for k in ('config', 'checkpoint', 'space')])],
    )


def _verdict(line: Mapping[str, Any], best: Sequence[float], attacks: str) -> str:
    """What is left at the largest distance, in one sentence."""
    known = [one for one in eps_star.places([best]) if one > 0]
    if not known:
        return f'Nothing was fooled: accuracy stays at {percent(line["right"] / line["n"])}.'
    clean = percent(line['right'] / line['n'])
    left = percent(eps_star.robust_accuracy(best, known[-1]))
    return f'Accuracy is {clean} on clean samples and at most {left} at eps {number(known[-1])}.'


def _plot(
    norm: str, lines: Sequence[Mapping[str, Any]], distances: Sequence[Sequence[float]]
) -> Plot:
    most = max(eps_star.places(distances)) or 1.0

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for place, (line, found) in enumerate(zip(lines, distances, strict=True)):
            last = place == len(lines) - 1
            x = [*eps_star.places([found]), 1.05 * most]
            axes.step(
                x,
                [eps_star.robust_accuracy(found, eps) for eps in x],
                where='post',
                color=ADVERSARIAL if last else COLOURS[place % len(COLOURS)],
                ls='-' if last else DASHES[place // len(COLOURS) % len(DASHES)],
                lw=2.0 if last else 1.3,
                label=shortened(str(line['run'])),
            )
        share_axis(axes)
        axes.set_xlim(0, 1.05 * most)
        axes.set_xlabel(f'{norm} eps')
        if len(lines) > 1:
            legend(axes, len(lines))

    title = 'Robust accuracy over eps'
    note = 'Share of all samples that no perturbation of this size or less fooled.'
    return Plot(title, 'curve', draw, 2.9 + 0.17 * (len(lines) // 3), note)
