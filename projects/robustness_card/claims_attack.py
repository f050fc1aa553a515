"""An attack that changes no more than a corruption leaves less than it.

Shapes: U units, K cells, D draws.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mmrobust.evaluation.claims import Claim, table
from mmrobust.evaluation.corruptions import Numbers, cell_name
from mmrobust.evaluation.markdown import percent
from mmrobust.functional.bootstrap import NOTHING
from mmrobust.studies.section import Section
from projects.robustness_card.found import Found
from projects.robustness_card.intervals import Places, limits_of

# As the card's attacks are named whose budget is the number behind.
STRONGEST = 'worst_'
PEAK = 255.0


def section(found: Mapping[str, Found]) -> Section:
    """A claim for each victim."""
    claims = [claim(each) for each in found.values()]
    return Section('Attacks within the size of corruptions', table(claims), claims)


def claim(found: Found) -> Claim:
    """Of every cell at least as large as an attack, the attack with the largest such budget.

    A budget of l_inf bounds the root mean square error: what stands against a cell is smaller
    than it, up to the step from one budget to the next. The interval is of the least
    difference, which lies low where many cells are near it: that a claim held is safe.
    """
    budgets = sorted(one['eps'] for one in found.card['attacks'] if _is_strongest(one))
    pairs = {cell: _within(size, budgets) for cell, size in sizes(found).items()}
    against = {cell: eps for cell, eps in pairs.items() if eps is not None}
    name = f'{found.victim.name}: an attack of no larger size leaves less than any corruption'
    rule = 'score under the corruption less that under the attack, in the cell where that is least'
    cells = len(found.kinds) * len(found.severities)
    told = f'{len(against)} of {cells} cells, the others are smaller or have no size'
    if not against:
        return Claim(name, rule, told, NOTHING)
    left = {eps: found.under(f'{STRONGEST}{eps:g}') for eps in set(against.values())}
    more = np.stack([found.cell(cell) - left[eps] for cell, eps in against.items()], axis=-1)
    cell, eps = list(against.items())[int(more.mean(axis=0).argmin())]
    scores = [percent(float(each.mean())) for each in (found.cell(cell), left[eps])]
    return Claim(
        name,
        rule,
        f'{cell} leaves {scores[0]} %, eps {eps:g} {scores[1]} %; {told}; n = {len(more)}',
        limits_of(lambda places: least(more, places), len(more)),
    )


def least(differences: Numbers, places: Places) -> Numbers:
    """The least mean of differences (U, K) over cells, for draws of units (D, U): (D,)."""
    times = np.stack([np.bincount(row, minlength=len(differences)) for row in places])
    found: Numbers = (times @ differences / len(differences)).min(axis=-1)
    return found


def sizes(found: Found) -> dict[str, float]:
    """Cell -> root mean square error in grey levels over all samples, where frames compare."""
    names = [cell_name(kind, s) for kind in found.kinds for s in found.severities]
    known = {name: [row['cells'][name].get('psnr') for row in found.rows] for name in names}
    return {
        name: float(np.sqrt(np.mean([PEAK**2 / 10 ** (each / 10) for each in of])))
        for name, of in known.items()
        if None not in of
    }


def _is_strongest(one: Mapping[str, str]) -> bool:
    return one['name'].startswith(STRONGEST)


def _within(size: float, budgets: list[float]) -> float | None:
    return max((eps for eps in budgets if eps <= size), default=None)
