"""Another order of frames hurts who sees movement, and not who sees single frames.

In shares of the score when clean: who is right on fewer videos has fewer to lose.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mmrobust.evaluation.claims import Claim, table
from mmrobust.evaluation.corruptions import Numbers
from mmrobust.evaluation.markdown import percent
from mmrobust.functional.checks import require
from mmrobust.studies.section import Section
from projects.robustness_card import claims_reversal, claims_still
from projects.robustness_card.found import Found
from projects.robustness_card.intervals import Places, limits_of

# Of these other claims speak.
OTHERS = (claims_reversal.KIND, claims_still.KIND)
# A share of the score that counts as nothing.
LITTLE = 0.1


def section(found: Mapping[str, Found]) -> Section:
    """Claims on each victim that sees frames beside its rival that sees movement."""
    pairs = [(found[f.victim.rival], f) for f in found.values() if f.victim.rival]
    claims = [claim for pair in pairs for claim in compared(*pair)]
    return Section('The order of frames', table(claims), claims)


def compared(moving: Found, still: Found) -> list[Claim]:
    """What it costs the one, the other, and the one more than the other on the same videos."""
    movement, frames = moving.victim.name, still.victim.name
    same = moving.units == still.units
    require(same, f'rival of victim {frames}', 'on the same videos', movement)
    units = len(moving.units)
    all_units = np.arange(units)[None]
    more, less = (float(lost(each, all_units)[0]) for each in (moving, still))
    kinds = ', '.join(order_kinds(moving))
    return [
        Claim(
            f'{movement}: another order costs',
            f'share of the clean score that is lost, mean of {kinds}',
            f'{percent(more)} % lost, n = {units}',
            limits_of(lambda drawn: lost(moving, drawn), units),
        ),
        Claim(
            f'{frames}: another order costs next to nothing',
            f'{LITTLE:g} less the share that is lost',
            f'{percent(less)} % lost, n = {units}',
            limits_of(lambda drawn: LITTLE - lost(still, drawn), units),
        ),
        Claim(
            f'another order costs {movement} more than {frames}',
            'share that the one loses, less that of the other on the same videos',
            f'{percent(more)} % and {percent(less)} %, n = {units}',
            limits_of(lambda drawn: lost(moving, drawn) - lost(still, drawn), units),
        ),
    ]


def lost(found: Found, drawn: Places) -> Numbers:
    """Share of the clean score that is lost under other orders, for draws (D, U): (D,).

    NaN where nothing is right when clean.
    """
    clean = found.clean[drawn].mean(axis=-1)
    left = found.kind(*order_kinds(found))[drawn].mean(axis=-1)
    share: Numbers = np.divide(left, clean, out=np.full_like(clean, np.nan), where=clean > 0)
    return 1 - share


def order_kinds(found: Found) -> list[str]:
    """Kinds that change the order of frames, or hold them."""
    kinds = found.kinds.items()
    return [kind for kind, group in kinds if group == 'order' and kind not in OTHERS]
