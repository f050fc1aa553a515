"""Who goes by movement is not led by the place; a victim whose training planted it is."""

from __future__ import annotations

from collections.abc import Iterator

from mmrobust.evaluation.claims import Claim
from mmrobust.evaluation.cues import SWAP
from mmrobust.evaluation.markdown import percent
from mmrobust.studies.card_claims import (
    LITTLE,
    NEAR,
    cell_claim,
    little_lost,
    more,
    most_gone,
    most_left,
    near_chance,
    taken_in,
)
from mmrobust.studies.card_study import Cards, pairs

FEW, NEARLY = f'less than {100 * LITTLE:.0f} points', f'within {100 * NEAR:.0f} points of chance'
# What a victim sees -> cue, what is claimed of it, and what is above zero.
CLAIMED = {
    'movement': (
        (SWAP, f'other scenery costs {FEW}', little_lost),
        ('person_only', f'no scenery costs {FEW}', little_lost),
        ('background_only', f'on scenery alone it is {NEARLY}', near_chance),
        ('one_frame', f'on one frame it is {NEARLY}', near_chance),
    ),
    'scenery': (
        (SWAP, 'before other scenery, most are taken for its class', taken_in),
        ('background_only', 'on scenery alone, most of what it knows is left', most_left),
        ('person_only', 'without scenery, most of what it knows is gone', most_gone),
    ),
}


def claims(cards: Cards) -> Iterator[Claim]:
    """By what a victim is said to see, and beside the one whose scenery said nothing."""
    for card in cards.values():
        for cue, text, quantity in CLAIMED.get(card.victim.sees, ()):
            if cue in card.cues:
                yield cell_claim(card, cue, text, quantity)
    for fair, card in pairs(cards, 'fair'):
        shares = [one.scenery(SWAP) for one in (card, fair)]
        yield more(
            f'{card.victim.name} is taken in by other scenery more often than {fair.victim.name}',
            'share taken for its class, less that of the other one on the same videos',
            shares[0] - shares[1],
            ' and '.join(f'{percent(float(of.mean()))} %' for of in shares),
        )
