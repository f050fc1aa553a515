"""An attack that changes no more than a corruption leaves less than it.

Shapes: U units, K cells, D draws.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mmrobust.evaluation.claims import Claim
from mmrobust.evaluation.corruptions import Numbers
from mmrobust.evaluation.markdown import percent
from mmrobust.functional.bootstrap import DIFFERENCE, NOTHING, Places, bootstrap_of
from mmrobust.studies.card_scores import CardScores
from mmrobust.studies.card_study import Cards

# As the card's attacks are named whose budget is the number behind.
STRONGEST = 'worst_'


def claims(cards: Cards) -> Iterator[Claim]:
    """One for each victim with attacks."""
    return (claim(card) for card in cards.values() if card.sizes() and card.attacks)


def claim(card: CardScores) -> Claim:
    """Of every cell at least as large as an attack, the attack with the largest such budget.

    A budget of l_inf bounds the root mean square error: what stands against a cell is smaller
    than it, up to the step from one budget to the next. The interval is of the least
    difference, which lies low where many cells are near it: that a claim held is safe.
    """
    budgets = [one['eps'] for one in card.card['attacks'] if one['name'].startswith(STRONGEST)]
    fitting = {cell: [eps for eps in budgets if eps <= size] for cell, size in card.sizes().items()}
    against = {cell: max(fit) for cell, fit in fitting.items() if fit}
    name = f'{card.victim.name}: an attack of no larger size leaves less than any corruption'
    rule = 'score under the corruption less that under the attack, in the cell where that is least'
    cells = len(card.kinds) * len(card.severities)
    told = f'{len(against)} of {cells} cells, the others are smaller or have no size'
    if not against:
        return Claim(name, rule, told, NOTHING)
    left = {eps: card.under(f'{STRONGEST}{eps:g}') for eps in set(against.values())}
    more = np.stack([card.cell(cell) - left[eps] for cell, eps in against.items()], axis=-1)
    cell, eps = list(against.items())[int(more.mean(axis=0).argmin())]
    scores = [percent(float(each.mean())) for each in (card.cell(cell), left[eps])]
    return Claim(
        name,
        rule,
        f'{cell} leaves {scores[0]} %, eps {eps:g} {scores[1]} %; {told}; n = {len(more)}',
        bootstrap_of(len(more), lambda places: least(more, places), DIFFERENCE),
    )


def least(differences: Numbers, places: Places) -> Numbers:
    """The least mean of differences (U, K) over cells, for draws of units (D, U): (D,)."""
    times = np.stack([np.bincount(row, minlength=len(differences)) for row in places])
    found: Numbers = (times @ differences / len(differences)).min(axis=-1)
    return found
