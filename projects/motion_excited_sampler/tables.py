"""Which arms stand together, in the tables and in the figures."""

from __future__ import annotations

from collections.abc import Mapping

from mmrobust.evaluation.arms import Arm
from mmrobust.evaluation.query_table import Row, row
from mmrobust.visualization.arm_figures import success_plot
from mmrobust.visualization.figures import Plot
from projects.motion_excited_sampler.arms import RIVALS, SAMPLERS, STARTED

ORDER = (*SAMPLERS, STARTED, *RIVALS)
FIRST = 'sparked'
GROUPS = {
    'samplers': ('multi_noise', 'one_noise', FIRST, 'geometric', STARTED),
    'rivals': (FIRST, 'sparked_lookup', *RIVALS),
}


def table(arms: Mapping[str, Arm]) -> list[Row]:
    """One row per arm."""
    return [
        row(name, arms[name].under_way if name == STARTED else arms[name])
        for name in ORDER
        if name in arms
    ]


def curves(name: str, arms: Mapping[str, Arm]) -> list[Plot]:
    """Success against queries, the four samplers and the rivals, where there are any."""
    found = []
    for title, group in GROUPS.items():
        shown = {arm: arms[arm] for arm in group if arm in arms}
        if len(shown) > 1:
            # Rivals are tried on fewer videos: all on those. Searches from elsewhere are their own.
            tried = [set(arm.success) for name, arm in shown.items() if name != STARTED]
            common = set.intersection(*tried)
            shown = {
                name: arm.under_way if name == STARTED else arm.only(common)
                for name, arm in shown.items()
            }
            found.append(success_plot(f'{name}: {title}', shown, FIRST))
    return found


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
