"""The table of a goal, and what its searches and its fallback came to."""

from __future__ import annotations

from collections.abc import Mapping

from mmrobust.evaluation.arms import Arm
from mmrobust.evaluation.query_table import Row, row
from projects.motion_excited_sampler.arms import RIVALS, SAMPLERS, STARTED

ORDER = (*SAMPLERS, STARTED, *RIVALS)


def table(arms: Mapping[str, Arm]) -> list[Row]:
    """One row per arm."""
    return [
        row(name, under_way(arms[name]) if name == STARTED else arms[name])
        for name in ORDER
        if name in arms
    ]


def started(arms: Mapping[str, Arm]) -> str:
    """How the searches from a clip of the target class ended."""
    lines = arms[STARTED].lines
    real = under_way(arms[STARTED]).lines
    outside = sum('outside_threat' in line['flags'] for line in real)
    fooled = sum(line['success'] for line in real)
    return (
        f'{STARTED}, {arms[STARTED].budget} queries at most: {len(lines) - len(real)} of '
        f'{len(lines)} searches began at the clip itself, as the victim saw another class in the '
        f'start; the tables leave them out. Of the others {fooled} succeeded and {outside} ended '
        f'outside the threat.'
    )


def under_way(arm: Arm) -> Arm:
    """The searches that did set out from a clip of the target class."""
    return arm.where(lambda line: 'start_not_target' not in line['flags'])


def same_as_one_noise(arms: Mapping[str, Arm]) -> str:
    """Whether the sampler without motion did what one_noise did, query by query."""
    one, none = arms['one_noise'], arms['no_motion']
    pairs = []
    for seed, lines in none.rows.items():
        known = {line['index']: line for line in one.rows[seed]}
        pairs += [(line, known[line['index']]) for line in lines if line['index'] in known]
    keys = ('success', 'queries', 'l2')
    same = sum(all(a[key] == b[key] for key in keys) for a, b in pairs)
    text = 'Fallback: sparked with NoMotion did exactly what one_noise did'
    return f'{text} on {same} of {len(pairs)} videos.'
