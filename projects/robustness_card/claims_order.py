"""Another order of frames hurts who sees movement, and not who sees single frames.

In shares of the score when clean: who is right on fewer videos has fewer to lose.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mmrobust.evaluation.claims import Claim
from mmrobust.evaluation.corruptions import Numbers
from mmrobust.evaluation.markdown import percent
from mmrobust.functional.bootstrap import DIFFERENCE, Places, bootstrap_of
from mmrobust.studies.card_claims import LITTLE
from mmrobust.studies.card_scores import CardScores
from mmrobust.studies.card_study import Cards, pairs
from projects.robustness_card import claims_reversal, claims_still

# Of these other claims speak.
OTHERS = (claims_reversal.KIND, claims_still.KIND)


def claims(cards: Cards) -> Iterator[Claim]:
    """On each victim that sees frames beside its rival that sees movement."""
    return (claim for pair in pairs(cards, 'rival') for claim in compared(*pair))


def compared(moving: CardScores, still: CardScores) -> list[Claim]:
    """What it costs the one, the other, and the one more than the other on the same videos."""
    movement, frames = moving.victim.name, still.victim.name
    units = len(moving.units)
    more, less = (percent(float(lost(c, np.arange(units)[None])[0])) for c in (moving, still))
    # What is claimed, what is above zero, what is lost, and how much above zero in drawn units.
    rows = [
        (
            f'{movement}: another order costs',
            f'share of the clean score that is lost, mean of {", ".join(order_kinds(moving))}',
            f'{more} % lost',
            lambda drawn: lost(moving, drawn),
        ),
        (
            f'{frames}: another order costs next to nothing',
            f'{LITTLE:g} less the share that is lost',
            f'{less} % lost',
            lambda drawn: LITTLE - lost(still, drawn),
        ),
        (
            f'another order costs {movement} more than {frames}',
            'share that the one loses, less that of the other on the same videos',
            f'{more} % and {less} %',
            lambda drawn: lost(moving, drawn) - lost(still, drawn),
        ),
    ]
    return [
        Claim(text, rule, f'{told}, n = {units}', bootstrap_of(units, quantity, DIFFERENCE))
        for text, rule, told, quantity in rows
    ]


def lost(card: CardScores, drawn: Places) -> Numbers:
    """Share of the clean score that is lost under other orders, for draws (D, U): (D,).

    NaN where nothing is right when clean.
    """
    clean = card.clean[drawn].mean(axis=-1)
    left = card.kind(*order_kinds(card))[drawn].mean(axis=-1)
    share: Numbers = np.divide(left, clean, out=np.full_like(clean, np.nan), where=clean > 0)
    return 1 - share


def order_kinds(card: CardScores) -> list[str]:
    """Kinds that change the order of frames, or hold them."""
    kinds = card.kinds.items()
    return [kind for kind, group in kinds if group == 'order' and kind not in OTHERS]
