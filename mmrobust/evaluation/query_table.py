"""What query attacks cost and changed, a row per arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from statistics import mean, median
from typing import Any

from mmrobust.evaluation.arms import Arm, ByVideo, means
from mmrobust.evaluation.markdown import markdown
from mmrobust.evaluation.summary import share
from mmrobust.functional.bootstrap import DIFFERENCE, NOTHING, Limits, bootstrap

Row = dict[str, Any]
NOTE = (
    'n: attacked videos, each with all seeds. success: share of videos times seeds; its Wilson '
    'interval takes n for the number of trials. Queries of the successes, mean and median; capped: '
    'of all runs, a failure counts with the whole budget. change: mean absolute, grey levels. '
    'cosine: of estimated and true gradient along the run, which is longer where the arm is '
    'slower. outside: share of the time not spent in the victim. occupancy: filled places in '
    'its calls. Intervals: 95 %, videos resampled.'
)
HEADINGS = (
    ('arm', 'arm'),
    ('n', 'n'),
    ('success_rate', 'success, %'),
    ('mean_queries', 'mean'),
    ('median_queries', 'median'),
    ('capped_mean', 'mean capped'),
    ('capped_median', 'median capped'),
    ('change', 'change'),
    ('cosine', 'cosine'),
    ('outside', 'outside'),
    ('occupancy', 'occupancy'),
)


def row(name: str, arm: Arm) -> Row:
    """What an arm did, over all its videos and seeds."""
    rates, capped = means(arm.success), list(chain.from_iterable(arm.capped.values()))
    used = [line['queries'] for line in arm.lines if line['success']]
    n = len(rates)
    rate = mean(rates.values()) if rates else 0.0
    return {
        'arm': name,
        'n': n,
        **(share('success_rate', round(rate * n), n) | {'success_rate': rate if n else None}),
        'mean_queries': mean(used) if used else None,
        'median_queries': median(used) if used else None,
        **_with_limits('capped_mean', arm.capped, (0.0, arm.budget)),
        'capped_median': median(capped) if capped else None,
        'change': _mean(line['mean_abs'] for line in arm.lines),
        **_with_limits('cosine', arm.cosine),
        'outside': _mean(card['outside_share'] for card in arm.cards.values()),
        'occupancy': _mean(card['occupancy'] for card in arm.cards.values()),
    }


def query_table(rows: Sequence[Row]) -> str:
    """Rows as a Markdown table, intervals in brackets."""
    cells = [[_cell(each, key) for key, _ in HEADINGS] for each in rows]
    return markdown([title for _, title in HEADINGS], cells)


def searches(name: str, arm: Arm) -> str:
    """How the searches of an arm that starts from a clip of the target class ended."""
    lines, real = arm.lines, arm.under_way.lines
    outside = sum('outside_threat' in line['flags'] for line in real)
    fooled = sum(line['success'] for line in real)
    return (
        f'{name}, {arm.budget} queries at most: {len(lines) - len(real)} of '
        f'{len(lines)} searches began at the clip itself, as the victim saw another class in the '
        f'start; the tables leave them out. Of the others {fooled} succeeded and {outside} ended '
        f'outside the threat.'
    )


def _with_limits(
    name: str, values: ByVideo, within: Limits = DIFFERENCE
) -> dict[str, float | None]:
    numbers = list(means(values).values())
    limits = bootstrap(numbers, within)
    low, high = (None, None) if limits == NOTHING else limits
    return {name: _mean(numbers), f'{name}_from': low, f'{name}_to': high}


def _mean(values: Any) -> float | None:
    known = [value for value in values if value is not None]
    return mean(known) if known else None


def _cell(row: Mapping[str, Any], key: str) -> str:
    value = row[key]
    if value is None or key in ('arm', 'n'):
        return '-' if value is None else str(value)
    scale = 100 if key == 'success_rate' else 1
    places = 4 if key == 'cosine' else 2 if key in ('change', 'outside', 'occupancy') else 0
    ends = ('low', 'high') if key == 'success_rate' else ('from', 'to')
    low, high = (row.get(f'{key}_{end}') for end in ends)
    text = f'{scale * value:.{places}f}'
    if low is None or high is None:
        return text
    return f'{text} ({scale * low:.{places}f} to {scale * high:.{places}f})'
