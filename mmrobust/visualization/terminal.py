"""The result of a run on the terminal."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mmrobust.visualization import bound, sizes, summary, unannotated
from mmrobust.visualization.formatting import DASH, count, interval, percent
from mmrobust.visualization.plain import never_fail

Pairs = Sequence[tuple[str, str]]

NAME_WIDTH = 22
# Names up to this length are never broken; a table may become as wide as that asks for.
UNBROKEN = 24
WIDEST = 1000
# So many failed samples are named, the rest is counted; the page has all.
FAILURES = 3
# Longer names of facts are broken.
LONGEST_NAME = 40


def print_table(card: Mapping[str, Any], console: Console | None = None) -> None:
    """Print metrics, success rate, cost, perturbation, flags and paths.

    Args:
        card: The run's card, as in ``report.json``.
        console: Where to print; default: standard output, with colours only
            on a terminal.
    """
    console = Console() if console is None else console
    never_fail(console.file)
    metrics = _metrics(card)
    heading = Text.assemble(
        (summary.config_name(card), 'bold'), ' under ', summary.attack_text(card)
    )
    parts: list[RenderableType] = ['', heading, '']
    if summary.metrics(card):
        parts += [metrics, '']
    result, stairs = _facts(_result(card)), bound.staircase(card)
    steps = numbers_table(bound.STAIRCASE, stairs)
    parts.append(result)
    if stairs:
        parts += [steps, '']
    for title, pairs in _blocks(card):
        parts += [Text(title, 'bold'), _facts(pairs)]
    with room_for(console, metrics, result, *([steps] if stairs else [])):
        console.print(Group(*parts))
    for name in ('config', 'checkpoint'):
        # Unwrapped, so that a long path can be copied, or found by grep.
        path = Text.assemble((f'{name:<{NAME_WIDTH + 2}}', 'dim'), str(card.get(name) or DASH))
        console.print(path, soft_wrap=True)
    left_out = unannotated.unscored(card)
    if left_out:
        console.print(Text(left_out))
    console.print('', Text(summary.verdict(card)), sep='\n')


def _metrics(card: Mapping[str, Any]) -> Table:
    """The evaluator's metrics, clean beside adversarial."""
    shown = [(m.name, m.clean, m.adversarial, m.worse) for m in summary.metrics(card)]
    return numbers_table(('metric', 'clean', 'adversarial', 'worse by'), shown)


def numbers_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table whose first column names things and whose others hold numbers."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    longest = [max(map(len, cells)) for cells in zip(columns, *rows, strict=True)]
    least = min(longest[0], UNBROKEN)
    table.add_column(Text(columns[0]), overflow='fold', min_width=least)
    for name, width in zip(columns[1:], longest[1:], strict=True):
        table.add_column(Text(name), justify='right', no_wrap=True, min_width=width)
    for row in rows:
        table.add_row(*map(Text, row))
    return table


@contextmanager
def room_for(console: Console, *tables: RenderableType) -> Iterator[None]:
    """A console that is as wide as the tables need, however narrow the terminal.

    A terminal breaks long lines by itself; a name or a number that was broken or cut is lost.
    """
    known = console.width
    unbounded = console.options.update(width=WIDEST)
    needed = [console.measure(table, options=unbounded).minimum for table in tables]
    console.width = max(known, *needed)
    try:
        yield
    finally:
        console.width = known


def print_numbers(console: Console, table: Table) -> None:
    """Print a table of numbers whole."""
    with room_for(console, table):
        console.print(table)


def _facts(pairs: Pairs) -> RenderableType:
    """Names and values in two columns, with an empty line below."""
    table = Table.grid(padding=(0, 2, 0, 0))
    # Of a fixed width: rich takes from both columns alike, and with a least width alone it gives
    # the first its share back without taking it from the second, whose ends are then cut off.
    longest = max((len(name) for name, _ in pairs), default=0)
    table.add_column(width=min(max(NAME_WIDTH, longest), LONGEST_NAME), style='dim')
    table.add_column(overflow='fold')
    for name, value in pairs:
        table.add_row(Text(name), Text(value))
    return Padding(table, (0, 0, 1, 0))


def _result(card: Mapping[str, Any]) -> Pairs:
    """Success rate and numbers of samples."""
    attacked, evaluated = count(card.get('attacked')), count(card.get('evaluated'))
    limits, rate = summary.success_limits(card), percent(card.get('success_rate'))
    if limits:
        rate += f'  (95 % interval {interval(limits)}, n = {attacked})'
    pairs = [('success rate', rate), ('attacked', f'{attacked} of {evaluated} evaluated')]
    pairs += bound.upper_bound(card)
    failed = count(card.get('failed'))
    if not failed:
        return pairs
    return [*pairs, ('failed', f'{failed} of {count(card.get("n"))}'), *_failures(card)]


def _failures(card: Mapping[str, Any]) -> Pairs:
    """The first samples that failed, and why; how many there are besides."""
    found = card.get('failures') or []
    lines = [f'{one["name"]}: {one["error"]}' for one in found[:FAILURES]]
    rest = len(found) - len(lines)
    return [('', line) for line in (*lines, *([f'and {rest} more'] if rest else []))]


def _blocks(card: Mapping[str, Any]) -> list[tuple[str, Pairs]]:
    """Titled groups of facts; empty ones are left out."""
    size = [(name, mean) for name, mean, _ in sizes.perturbations(card) if mean != DASH]
    size += [('frames changed', 'all')] if sizes.all_frames(card) else []
    size += [('taken at', 'first success')] if summary.stopped_early(card) else []
    cost = [(name, value) for name, value in summary.costs(card) if value != DASH]
    queries = [(name, value) for name, value in summary.queries(card) if value != DASH]
    flags = [(f'{name} ({times})', meaning) for name, times, meaning in summary.flags(card)]
    own = unannotated.effects(card) if unannotated.nothing_annotated(card) else []
    blocks: list[tuple[str, Pairs]] = [
        (unannotated.NOTE, own),
        ('Cost', cost),
        ('Queries', queries),
        (f'Perturbation (mean, {summary.unit(card)})', size),
        ('Further metrics', summary.robust(card)),
        ('Flags', flags),
        ('Input', unannotated.source(card)),
    ]
    return [block for block in blocks if block[1]]
