"""What a kind of corruption costs by what it does, and not by how much it changes."""

from __future__ import annotations

from collections.abc import Iterator

from mmrobust.evaluation.claims import Claim
from mmrobust.evaluation.corruptions import Numbers
from mmrobust.evaluation.markdown import markdown
from mmrobust.studies.card_claims import more
from mmrobust.studies.card_costs import points
from mmrobust.studies.card_scores import CardScores
from mmrobust.studies.card_study import Cards

# These are nearly white themselves.
NOISE = 'noise'


def claims(cards: Cards) -> Iterator[Claim | str]:
    """One for each victim, and the difference for each kind."""
    some = {name: card for name, card in cards.items() if coloured(card)}
    yield from map(claim, some.values())
    rows = [
        [kind, *(points(spared(c, kind)) if kind in c.controlled else '-' for c in some.values())]
        for kind in dict.fromkeys(kind for card in some.values() for kind in card.controlled)
    ]
    told = 'Points that white noise of the same size costs more than the kind itself:'
    yield f'{told}\n\n{markdown(["", *some], rows)}'


def claim(card: CardScores) -> Claim:
    """White noise costs more, over all kinds that are no noise themselves."""
    kinds = coloured(card)
    return more(
        f'{card.victim.name}: white noise of equal size costs more than the corruption',
        f'score under {len(kinds)} kinds that are no noise, less that under white noise',
        spared(card, *kinds),
    )


def coloured(card: CardScores) -> list[str]:
    """Kinds with white noise beside that are no noise."""
    return [kind for kind in card.controlled if card.kinds[kind] != NOISE]


def spared(card: CardScores, *kinds: str) -> Numbers:
    """Score under some kinds less that under white noise of their size, (U,)."""
    return card.kind(*kinds) - card.noise(*kinds)
