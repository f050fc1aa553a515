"""A video turned round is a walk the other way, and else what it was.

Exact on the embedded videos, of whose walks a part goes backwards: of who sees movement nothing
is estimated, and one video decides. A recogniser of single frames is shown the frames next to
those of the clean video, as samplers take the middle of each part: it may change its mind, but
not the direction.
"""

from __future__ import annotations

from collections.abc import Iterator

from mmrobust.evaluation.claims import Claim
from mmrobust.evaluation.corruptions import CLEAN, cell_name
from mmrobust.functional.bootstrap import NOTHING
from mmrobust.functional.interval import wilson
from mmrobust.studies.card_scores import CardScores
from mmrobust.studies.card_study import Cards

KIND = 'reversal'
OTHER_WAY = {'walk_left': 'walk_right', 'walk_right': 'walk_left'}


def claims(cards: Cards) -> Iterator[Claim]:
    """One for each victim whose classes have a direction."""
    for card in cards.values():
        if OTHER_WAY.keys() <= set(card.classes) and KIND in card.kinds:
            yield all_turn(card) if card.victim.sees == 'movement' else few_turn(card)


def all_turn(card: CardScores) -> Claim:
    """Who sees movement takes every walk for the other one, and nothing else for another."""
    taken = predictions(card)
    odd = sum(after != OTHER_WAY.get(before, before) for before, after in taken)
    walks = sum(before in OTHER_WAY for before, _ in taken)
    margin = 0.5 - odd
    return Claim(
        f'{card.victim.name}: walk_left and walk_right change places, all else stays',
        'a half, less the number of videos that are taken otherwise',
        f'{odd} of {len(taken)} otherwise, {walks} taken for walks',
        (margin, margin) if walks else NOTHING,
    )


def few_turn(card: CardScores) -> Claim:
    """Who sees single frames takes most walks for what they were."""
    walks = [(before, after) for before, after in predictions(card) if before in OTHER_WAY]
    turned = sum(after == OTHER_WAY[before] for before, after in walks)
    low, high = wilson(turned, len(walks)) if walks else NOTHING
    return Claim(
        f'{card.victim.name}: walk_left and walk_right do not change places',
        'a half, less the share of walks that are taken for the other one',
        f'{turned} of {len(walks)} taken for the other one',
        (0.5 - high, 0.5 - low),
    )


def predictions(card: CardScores) -> list[tuple[str, str]]:
    """What each sample is taken for, clean and turned round."""
    names = (CLEAN, cell_name(KIND, card.severities[0]))
    taken = [[row['cells'][name]['prediction'] for name in names] for row in card.rows]
    return [(card.classes[before], card.classes[after]) for before, after in taken]
