"""The page of an explained model: maps on samples, and how true they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from matplotlib.figure import Figure
from rich.console import Console

from mmrobust.evaluation.explanations import (
    AREAS,
    SIDES,
    beats_chance,
    mean_curve,
    telling_baselines,
)
from mmrobust.visualization.curves import Curve, draw_curves
from mmrobust.visualization.formatting import counted, flatten, number, percent
from mmrobust.visualization.page import Preview
from mmrobust.visualization.plot import Plot
from mmrobust.visualization.sample_names import common_folder, inside
from mmrobust.visualization.study import StudyPage, write_study
from mmrobust.visualization.terminal import numbers_table, print_numbers

Report = Mapping[str, Any]

NOTE = (
    'Areas under the curves of what is left of the score while blocks of the sample go (deletion) '
    'or come (insertion), those first that a map holds for most important; gain: how much better '
    'than smooth maps at random, with a 95 % bootstrap interval over the samples where there are '
    'six or more; empty: samples on which a map marks nothing. Where gains are not above zero, the '
    'map says nothing about the model. Maps tell where a score comes from, not whether it is right.'
)
VERBS = {'deletion': 'taken away', 'insertion': 'put in'}
BETTER = {'deletion': 'lower', 'insertion': 'higher'}


def write_explanations(path: Path, report: Report, strips: Mapping[int, bytes]) -> None:
    """Write the page.

    Args:
        path: The .html file.
        report: As in ``explain.json``.
        strips: Index of a sample -> a .jpg with its maps.
    """
    samples = report['samples']
    folder = common_folder(sample['name'] for sample in samples)
    previews = [
        Preview(
            inside(folder, sample['name']),
            strips[sample['index']],
            described(sample),
            '.jpg',
            'its pixels, and maps over them',
        )
        for sample in samples
        if sample['index'] in strips
    ]
    name = PurePath(report['config']).stem
    model = [(key, str(report[key])) for key in ('config', 'checkpoint', 'space', 'target', 'seed')]
    methods = [pair for key, one in report['methods'].items() for pair in _options(key, one)]
    page = StudyPage(
        title=f'{name}, explained',
        kicker=f'{name}, {counted(len(samples), report["noun"])}, target: {report["target"]}',
        verdict=verdict(report),
        remark=baseline_remark(report),
        tiles=_tiles(report),
        rows=_rows(report),
        note=NOTE,
        plots=[_plot(report, side, area) for side in report['explained'] for area in AREAS],
        blocks=[('Model', model), ('Methods', methods), ('Versions', flatten(report['versions']))],
        failures=report['failures'],
        previews=previews,
    )
    write_study(path, page)


def described(sample: Mapping[str, Any]) -> str:
    """What each version of a sample was asked about, its share, and maps that are empty."""
    words = []
    for side in (side for side in SIDES if side in sample):
        line = sample[side]
        empty = [name for name, one in line['methods'].items() if one['empty']]
        nothing = f', nothing found by {", ".join(empty)}' if empty else ''
        words.append(f'{side}: {line["target"]}, {percent(line["share"])}{nothing}')
    return '; '.join(words)


def _options(key: str, described: Mapping[str, Any]) -> list[tuple[str, str]]:
    options = {name: value for name, value in described.items() if name != 'type'}
    return flatten(options, f'{key}.') if options else [(key, described['type'])]


def verdict(report: Report) -> str:
    """Which map is truest on clean samples, of those that beat chance in both areas, if any does.

    Without such a map the sentence is about the one with the highest mean of both gains.
    """
    methods = report['explained'][SIDES[0]]
    true = {name: of for name, of in methods.items() if all(beats_chance(of, a) for a in AREAS)}
    best = max(true or methods, key=lambda name: _gain(methods[name]))
    of = methods[best]
    found = f'{best} is truest' if true else _no_map(methods, best)
    down, up = (
        f'{percent(of[area])} (at random {percent(of[f"random_{area}"])}, {BETTER[area]} is better)'
        for area in AREAS
    )
    few = '' if _known(of) else f' {counted(of["n"], "sample").capitalize()}, no interval.'
    return (
        f'{found}: with its blocks taken away first, the mean score is {down}; put in first, '
        f'{up}.{few}'
    )


def _no_map(methods: Mapping[str, Mapping[str, Any]], best: str) -> str:
    """That no map is true, and how far the one with the highest mean gain gets."""
    if not any(beats_chance(of, area) for of in methods.values() for area in AREAS):
        return f'No map beats chance, not even {best}'
    sides = [area for area in AREAS if beats_chance(methods[best], area)] or ['neither']
    return f'No map beats chance in both deletion and insertion; {best} does in {sides[0]}'


def _known(of: Mapping[str, Any]) -> bool:
    """Whether its gains have intervals."""
    return all(of[f'{area}_gain_low'] is not None for area in AREAS)


def baseline_remark(report: Report) -> str:
    """What mean colours score where that is much; '' where it is not."""
    found = telling_baselines(report['samples'])
    if not found:
        return ''
    side, line = found[0]
    every = sum(side in sample for sample in report['samples'] for side in SIDES)
    guess = '' if line['chance'] is None else f', by chance {percent(line["chance"])}'
    return (
        f'What is hidden takes the mean colour of the sample, and this colour alone is an answer '
        f'to the model in {len(found)} of {counted(every, "version")}: the most is '
        f'{percent(line["baseline"])} of {line["target"]} ({side}; the whole sample '
        f'{percent(line["share"])}{guess}). Occlusion, masks and both curves see that.'
    )


def _gain(of: Mapping[str, Any]) -> float:
    """The mean of both gains."""
    return float(of['deletion_gain'] + of['insertion_gain']) / 2


def _tiles(report: Report) -> list[tuple[str, str, str]]:
    return [
        (name.replace('_', ' '), f'{_points(_gain(of))} pp', _remark(of))
        for name, of in report['explained'][SIDES[0]].items()
    ]


def _remark(of: Mapping[str, Any]) -> str:
    """Both gains, whose mean may hide that one of them is below zero."""
    both = ', '.join(f'{area} {_points(of[f"{area}_gain"])}' for area in AREAS)
    return f'mean of both gains, clean: {both}'


def _points(share: float) -> str:
    return number(100 * share, 3)


def _rows(report: Report) -> list[dict[str, Any]]:
    return [
        {'method': name, 'side': side, **of}
        for side, methods in report['explained'].items()
        for name, of in methods.items()
    ]


def _plot(report: Report, side: str, area: str) -> Plot:
    samples = report['samples']

    def draw(figure: Figure) -> None:
        curves = []
        for place, name in enumerate([*report['methods'], None]):
            points = mean_curve(samples, side, name, area)
            x = [100 * step / (len(points) - 1) for step in range(len(points))]
            curves.append(Curve(name or 'at random', x, points, place=place if name else None))
        draw_curves(figure.subplots(), curves, f'% of the blocks {VERBS[area]}')

    title = f'{area.capitalize()}, {side}'
    note = 'Mean over the samples. Below the line of chance is good.'
    if area == 'insertion':
        note = 'Mean over the samples. Above the line of chance is good.'
    return Plot(title, f'{area}-{side}', draw, 3.0, note)


def print_explanations(report: Report, console: Console | None = None) -> None:
    """Print the table and the sentence."""
    console = Console() if console is None else console
    columns = ('method', 'side', *AREAS, *(f'{area} gain' for area in AREAS), 'empty', 'n')
    rows = [
        [
            row['method'],
            row['side'],
            *(number(row[area], 3) for area in AREAS),
            *(_with_limits(row, f'{area}_gain') for area in AREAS),
            str(row['empty']),
            str(row['n']),
        ]
        for row in _rows(report)
    ]
    print_numbers(console, numbers_table(columns, rows))
    failures: Sequence[Mapping[str, Any]] = report['failures']
    if failures:
        text = f'{counted(len(failures), "sample")} left out, the first: {failures[0]["error"]}'
        console.print(text, highlight=False, markup=False, soft_wrap=True)
    console.print(f'\n{verdict(report)}', highlight=False, soft_wrap=True)
    remark = baseline_remark(report)
    if remark:
        console.print(remark, highlight=False, markup=False, soft_wrap=True)


def _with_limits(row: Mapping[str, Any], key: str) -> str:
    low, high = row[f'{key}_low'], row[f'{key}_high']
    limits = '' if low is None else f' ({number(low, 2)} to {number(high, 2)})'
    return f'{number(row[key], 3)}{limits}'
