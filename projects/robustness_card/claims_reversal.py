"""A video turned round is a walk the other way, and else what it was.

Exact on the embedded videos, of whose walks a part goes backwards: of who sees movement nothing
is estimated, and one video decides. A recogniser of single frames is shown the frames next to
those of the clean video, as samplers take the middle of each part: it may change its mind, but
not the direction.
"""

from __future__ import annotations

from collections.abc import Mapping

from mmrobust.evaluation.claims import Claim, table
from mmrobust.evaluation.corruptions import CLEAN, cell_name
from mmrobust.functional.bootstrap import NOTHING
from mmrobust.functional.interval import wilson
from mmrobust.studies.section import Section
from projects.robustness_card.found import Found

KIND = 'reversal'
OTHER_WAY = {'walk_left': 'walk_right', 'walk_right': 'walk_left'}


def section(found: Mapping[str, Found]) -> Section:
    """A claim for each victim whose classes have a direction."""
    known = [each for each in found.values() if OTHER_WAY.keys() <= set(each.classes)]
    claims = [
        all_turn(each) if each.victim.sees == 'movement' else few_turn(each)
        for each in known
        if KIND in each.kinds
    ]
    return Section('A video turned round', table(claims), claims)


def all_turn(found: Found) -> Claim:
    """Who sees movement takes every walk for the other one, and nothing else for another."""
    taken = predictions(found)
    odd = sum(after != OTHER_WAY.get(before, before) for before, after in taken)
    walks = sum(before in OTHER_WAY for before, _ in taken)
    margin = 0.5 - odd
    return Claim(
        f'{found.victim.name}: walk_left and walk_right change places, all else stays',
        'a half, less the number of videos that are taken otherwise',
        f'{odd} of {len(taken)} otherwise, {walks} taken for walks',
        (margin, margin) if walks else NOTHING,
    )


def few_turn(found: Found) -> Claim:
    """Who sees single frames takes most walks for what they were."""
    walks = [(before, after) for before, after in predictions(found) if before in OTHER_WAY]
    turned = sum(after == OTHER_WAY[before] for before, after in walks)
    low, high = wilson(turned, len(walks)) if walks else NOTHING
    return Claim(
        f'{found.victim.name}: walk_left and walk_right do not change places',
        'a half, less the share of walks that are taken for the other one',
        f'{turned} of {len(walks)} taken for the other one',
        (0.5 - high, 0.5 - low),
    )


def predictions(found: Found) -> list[tuple[str, str]]:
    """What each sample is taken for, clean and turned round."""
    cell = cell_name(KIND, found.severities[0])
    names = found.classes
    return [
        (names[row['cells'][CLEAN]['prediction']], names[row['cells'][cell]['prediction']])
        for row in found.rows
    ]
