"""One frame, repeated, says nothing to who sees movement."""

from __future__ import annotations

from collections.abc import Iterator

from mmrobust.evaluation.claims import Claim
from mmrobust.evaluation.corruptions import cell_name
from mmrobust.studies.card_claims import NEAR, cell_claim, most_gone, near_chance
from mmrobust.studies.card_study import Cards

KIND = 'few_frames'
# At the worst severity a single frame is left.
CELL = cell_name(KIND, 5)


def claims(cards: Cards) -> Iterator[Claim]:
    """Who sees movement falls by half of the way to chance, and to chance."""
    near = f'with one frame, it is within {100 * NEAR:.0f} points of chance'
    for card in cards.values():
        if card.victim.sees == 'movement' and KIND in card.kinds:
            text = 'with one frame, most of what it knows is gone'
            yield cell_claim(card, CELL, text, most_gone)
            yield cell_claim(card, CELL, near, near_chance)
