"""What adversarial training gains and loses under corruptions.

That it helps against noise and blur and costs under fog and contrast is of Yin, Lopes, Shlens,
Cubuk and Gilmer (2019, arXiv:1906.08988), who trained networks for pictures.
"""

from __future__ import annotations

from collections.abc import Mapping

from mmrobust.evaluation.claims import Claim, table
from mmrobust.evaluation.corruptions import Numbers
from mmrobust.evaluation.markdown import markdown
from mmrobust.functional.checks import require
from mmrobust.studies.section import Section
from projects.robustness_card.found import Found
from projects.robustness_card.intervals import limits
from projects.robustness_card.tables import points

GAINS = ('noise', 'blur')
LOSES = ('fog', 'contrast')


def section(found: Mapping[str, Found]) -> Section:
    """Claims on each victim that was trained adversarially beside the one that was not."""
    pairs = [(found[f.victim.plain], f) for f in found.values() if f.victim.plain]
    claims = [claim for pair in pairs for claim in compared(*pair)]
    tables = [gains(*pair) for pair in pairs]
    return Section('Adversarial training', '\n\n'.join([table(claims), *tables]), claims)


def compared(plain: Found, trained: Found) -> list[Claim]:
    """Gains under noise and blur, losses under fog and contrast and when clean."""
    name = trained.victim.name
    same = plain.units == trained.units
    require(same, f'plain of victim {name}', 'on the same samples', plain.victim.name)
    found = []
    for group in GAINS:
        kinds = [kind for kind, of in trained.kinds.items() if of == group]
        if kinds:
            found.append(_claim(f'{name} gains under {group}', gained(plain, trained, *kinds), 1))
    for kind in LOSES:
        if kind in trained.kinds:
            found.append(_claim(f'{name} loses under {kind}', gained(plain, trained, kind), -1))
    found.append(_claim(f'{name} loses when clean', trained.clean - plain.clean, -1))
    everything = gained(plain, trained, *trained.kinds)
    return [*found, _claim(f'{name} gains over all kinds', everything, 1)]


def gained(plain: Found, trained: Found, *kinds: str) -> Numbers:
    """Score of the trained one less that of the plain one, mean over some kinds, (U,)."""
    return trained.kind(*kinds) - plain.kind(*kinds)


def gains(plain: Found, trained: Found) -> str:
    """Every kind, what gained most first."""
    kinds = sorted(trained.kinds, key=lambda kind: -gained(plain, trained, kind).mean())
    rows = [[kind, points(gained(plain, trained, kind))] for kind in kinds]
    headings = ['', f'points that {trained.victim.name} is above {plain.victim.name}']
    return markdown(headings, [['clean', points(trained.clean - plain.clean)], *rows])


def _claim(text: str, gain: Numbers, sign: int) -> Claim:
    rule = 'score gained' if sign > 0 else 'score lost'
    measured = f'{points(gain)} gained, n = {len(gain)}'
    return Claim(text, rule, measured, limits(sign * gain))
