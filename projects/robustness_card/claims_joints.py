"""Which frames of a skeleton are lost matters more than how many.

After SHARDeg (Malzard et al. 2025, arXiv:2505.18048), whose networks are others.
"""

from __future__ import annotations

from collections.abc import Iterator

from mmrobust.evaluation.claims import Claim
from mmrobust.studies.card_claims import more
from mmrobust.studies.card_study import Cards

# At equal rates, the mildest first.
FORMS = ('uniform_drop', 'random_drop', 'block_drop')
TOLD = {
    'uniform_drop': 'at equal distances',
    'random_drop': 'at random',
    'block_drop': 'in one block',
}


def claims(cards: Cards) -> Iterator[Claim]:
    """Of each victim of skeletons, each form beside the next."""
    for card in cards.values():
        if card.victim.sees == 'joints' and set(FORMS) <= set(card.kinds):
            for less, worse in zip(FORMS, FORMS[1:], strict=False):
                yield more(
                    f'{card.victim.name}: frames lost {TOLD[worse]} cost more than as many lost '
                    f'{TOLD[less]}',
                    f'score under {less} less that under {worse}',
                    card.kind(less) - card.kind(worse),
                )
