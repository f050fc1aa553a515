"""Which arms stand together, in the tables and in the figures."""

from __future__ import annotations

from collections.abc import Mapping

from mmrobust.evaluation.arms import Arm, as_one
from mmrobust.evaluation.query_table import Row, row
from mmrobust.visualization.arm_figures import success_plots
from mmrobust.visualization.plot import Plot
from projects.motion_excited_sampler.arms import RIVALS, SAMPLERS, STARTED

ORDER = (*SAMPLERS, STARTED, *RIVALS)
FIRST = 'sparked'
GROUPS = {
    'samplers': ('multi_noise', 'one_noise', FIRST, 'geometric', STARTED),
    # Tried on fewer videos.
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
    return success_plots(name, arms, GROUPS, FIRST, STARTED)


def same_as_one_noise(arms: Mapping[str, Arm]) -> str:
    """Whether the sampler without motion did what one_noise did, query by query."""
    same, n = as_one(arms['one_noise'], arms['no_motion'])
    return (
        f'Fallback: sparked with NoMotion did exactly what one_noise did on {same} of {n} videos.'
    )
