"""What adversarial training gains and loses under corruptions.

That it helps against noise and blur and costs under fog and contrast is of Yin, Lopes, Shlens,
Cubuk and Gilmer (2019, arXiv:1906.08988), who trained networks for pictures.
"""

from __future__ import annotations

from collections.abc import Iterator

from mmrobust.evaluation.claims import Claim
from mmrobust.evaluation.corruptions import Numbers
from mmrobust.evaluation.markdown import markdown
from mmrobust.studies.card_claims import more
from mmrobust.studies.card_costs import points
from mmrobust.studies.card_scores import CardScores
from mmrobust.studies.card_study import Cards, pairs

GAINS = ('noise', 'blur')
LOSES = ('fog', 'contrast')


def claims(cards: Cards) -> Iterator[Claim | str]:
    """On each victim that was trained adversarially beside the one that was not."""
    for pair in pairs(cards, 'plain'):
        yield from compared(*pair)
        yield gains(*pair)


def compared(plain: CardScores, trained: CardScores) -> Iterator[Claim]:
    """Gains under noise and blur, losses under fog and contrast and when clean."""
    name = trained.victim.name
    for group in GAINS:
        if kinds := [kind for kind, of in trained.kinds.items() if of == group]:
            yield _claim(f'{name} gains under {group}', gained(plain, trained, *kinds), 1)
    for kind in LOSES:
        if kind in trained.kinds:
            yield _claim(f'{name} loses under {kind}', gained(plain, trained, kind), -1)
    yield _claim(f'{name} loses when clean', trained.clean - plain.clean, -1)
    yield _claim(f'{name} gains over all kinds', gained(plain, trained, *trained.kinds), 1)


def gained(plain: CardScores, trained: CardScores, *kinds: str) -> Numbers:
    """Score of the trained one less that of the plain one, mean over some kinds, (U,)."""
    return trained.kind(*kinds) - plain.kind(*kinds)


def gains(plain: CardScores, trained: CardScores) -> str:
    """Every kind, what gained most first."""
    kinds = sorted(trained.kinds, key=lambda kind: -gained(plain, trained, kind).mean())
    rows = [[kind, points(gained(plain, trained, kind))] for kind in kinds]
    headings = ['', f'points that {trained.victim.name} is above {plain.victim.name}']
    return markdown(headings, [['clean', points(trained.clean - plain.clean)], *rows])


def _claim(text: str, gain: Numbers, sign: int) -> Claim:
    rule = 'score gained' if sign > 0 else 'score lost'
    return more(text, rule, sign * gain, f'{points(gain)} gained')
