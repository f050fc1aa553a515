"""Claims on what is left in a cell of a card: a quantity above zero, in units.

A cell is a kind of corruption at a severity, or a cue. Shapes: U units.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mmrobust.evaluation.claims import Claim
from mmrobust.evaluation.corruptions import Numbers
from mmrobust.evaluation.markdown import percent
from mmrobust.functional.bootstrap import DIFFERENCE, bootstrap
from mmrobust.studies.card_costs import points
from mmrobust.studies.card_scores import CardScores

Quantity = Callable[[CardScores, str], Numbers]
# A share of the score that counts as nothing, and what counts as chance.
LITTLE, NEAR = 0.1, 0.15


def little_lost(card: CardScores, cell: str) -> Numbers:
    """LITTLE, less what a cell costs, (U,)."""
    return LITTLE - card.clean + card.cell(cell)


def near_chance(card: CardScores, cell: str) -> Numbers:
    """Chance and NEAR, less the score, (U,)."""
    return card.chance + NEAR - card.cell(cell)


def most_left(card: CardScores, cell: str) -> Numbers:
    """The score, less the middle of clean score and chance, (U,)."""
    return card.cell(cell) - (card.clean + card.chance) / 2


def most_gone(card: CardScores, cell: str) -> Numbers:
    """The middle of clean score and chance, less the score, (U,)."""
    return -most_left(card, cell)


def taken_in(card: CardScores, cue: str) -> Numbers:
    """The share that a cue makes be taken for the scenery's class, less a half, (U,)."""
    return card.scenery(cue) - 0.5


# What is above zero.
RULES: Mapping[Quantity, str] = {
    little_lost: f'{LITTLE:g}, less the score that is lost',
    near_chance: f'chance and {NEAR:g}, less the score',
    most_left: 'score, less the middle of clean score and chance',
    most_gone: 'the middle of clean score and chance, less the score',
    taken_in: 'share that is, less a half',
}


def cell_claim(card: CardScores, cell: str, text: str, quantity: Quantity) -> Claim:
    """A claim on one cell of one card.

    Args:
        card: Of a recogniser.
        cell: Such as ``fog/3``, or a cue.
        text: The claim, behind the victim's name.
        quantity: Among RULES.
    """
    left, clean = (percent(float(scores.mean())) for scores in (card.cell(cell), card.clean))
    told = f'{left} %, clean {clean} %, chance {percent(card.chance)} %'
    if quantity is taken_in:
        told = f'{percent(float(card.scenery(cell).mean()))} % taken for it; right {told}'
    return more(f'{card.victim.name}: {text}', RULES[quantity], quantity(card, cell), told)


def more(text: str, rule: str, differences: Numbers, told: str = '') -> Claim:
    """A claim that differences of scores (U,) are above zero.

    Args:
        text: The claim.
        rule: What the differences are.
        differences: Of every unit.
        told: What was measured; '': their mean.
    """
    measured = f'{told or points(differences)}, n = {len(differences)}'
    return Claim(text, rule, measured, bootstrap(differences, DIFFERENCE))
