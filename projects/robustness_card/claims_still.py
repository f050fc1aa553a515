"""One frame, repeated, says nothing to who sees movement."""

from __future__ import annotations

from collections.abc import Mapping

from mmrobust.evaluation.claims import Claim, table
from mmrobust.evaluation.corruptions import cell_name
from mmrobust.evaluation.markdown import percent
from mmrobust.studies.section import Section
from projects.robustness_card.found import Found
from projects.robustness_card.intervals import limits

KIND = 'few_frames'
# At which a single frame is left.
SEVERITY = 5
# What counts as chance.
NEAR = 0.15


def section(found: Mapping[str, Found]) -> Section:
    """Claims on each victim that sees movement."""
    known = [each for each in found.values() if each.victim.sees == 'movement']
    claims = [c for each in known if KIND in each.kinds for c in of_one_frame(each)]
    return Section('One frame', table(claims), claims)


def of_one_frame(found: Found) -> list[Claim]:
    """It falls by half of the way to chance, and to chance."""
    clean, left, chance = found.clean, found.cell(cell_name(KIND, SEVERITY)), found.chance
    scores = f'{percent(float(left.mean()))} %, clean {percent(float(clean.mean()))} %'
    measured = f'{scores}, chance {percent(chance)} %, n = {len(clean)}'
    name = found.victim.name
    return [
        Claim(
            f'{name}: with one frame, most of what it knows is gone',
            'the middle of clean score and chance, less the score with one frame',
            measured,
            limits((clean + chance) / 2 - left),
        ),
        Claim(
            f'{name}: with one frame, it is within {100 * NEAR:.0f} points of chance',
            f'chance and {NEAR:g}, less the score with one frame',
            'as above',
            limits(chance + NEAR - left),
        ),
    ]
