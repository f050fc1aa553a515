"""A video turned round is a walk the other way, and else what it was.

Exact on the embedded videos, of whose walks a part goes backwards: nothing is estimated, and one
video decides.
"""

from __future__ import annotations

from collections.abc import Mapping

from mmrobust.evaluation.claims import Claim, table
from mmrobust.evaluation.corruptions import CLEAN, cell_name
from mmrobust.functional.bootstrap import NOTHING
from mmrobust.studies.section import Section
from projects.robustness_card.found import Found

KIND = 'reversal'
OTHER_WAY = {'walk_left': 'walk_right', 'walk_right': 'walk_left'}


def section(found: Mapping[str, Found]) -> Section:
    """A claim for each victim whose classes have a direction."""
    known = [each for each in found.values() if OTHER_WAY.keys() <= set(each.classes)]
    claims = [claim(each) for each in known if KIND in each.kinds]
    return Section('A video turned round', table(claims), claims)


def claim(found: Found) -> Claim:
    """Who sees movement takes it so; who sees single frames notices nothing."""
    moving = found.victim.sees == 'movement'
    other = OTHER_WAY if moving else {}
    cell = cell_name(KIND, found.severities[0])
    walks = odd = 0
    for row in found.rows:
        before, after = (found.classes[row['cells'][c]['prediction']] for c in (CLEAN, cell))
        walks += before in OTHER_WAY
        odd += after != other.get(before, before)
    says = 'walk_left and walk_right change places, all else stays' if moving else 'nothing changes'
    margin = 0.5 - odd
    return Claim(
        f'{found.victim.name}: {says}',
        'a half, less the number of videos that are taken otherwise',
        f'{odd} of {len(found.rows)} otherwise, {walks} taken for walks',
        (margin, margin) if walks else NOTHING,
    )
