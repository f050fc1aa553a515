"""Which arms stand in one figure."""

from __future__ import annotations

from collections.abc import Mapping

from mmrobust.evaluation.arms import Arm
from mmrobust.visualization.arm_figures import success_plot
from mmrobust.visualization.figures import Plot
from projects.motion_excited_sampler.arms import RIVALS, STARTED
from projects.motion_excited_sampler.tables import under_way

FIRST = 'sparked'
GROUPS = {
    'samplers': ('multi_noise', 'one_noise', FIRST, 'geometric', STARTED),
    'rivals': (FIRST, 'sparked_lookup', *RIVALS),
}


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
                name: under_way(arm) if name == STARTED else arm.only(common)
                for name, arm in shown.items()
            }
            found.append(success_plot(f'{name}: {title}', shown, FIRST))
    return found
