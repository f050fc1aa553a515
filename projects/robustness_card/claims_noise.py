"""What a kind of corruption costs by what it does, and not by how much it changes."""

from __future__ import annotations

from collections.abc import Mapping

from mmrobust.evaluation.claims import Claim, table
from mmrobust.evaluation.corruptions import Numbers
from mmrobust.evaluation.markdown import markdown
from mmrobust.studies.section import Section
from projects.robustness_card.found import Found
from projects.robustness_card.intervals import limits
from projects.robustness_card.tables import points

# These are nearly white themselves.
NOISE = 'noise'


def section(found: Mapping[str, Found]) -> Section:
    """A claim for each victim, and the difference for each kind."""
    claims = [claim(each) for each in found.values() if coloured(each)]
    told = 'Points that white noise of the same size costs more than the kind itself:'
    names = list(found)
    kinds = dict.fromkeys(kind for each in found.values() for kind in each.controlled)
    rows = [
        [
            kind,
            *(points(spared(f, kind)) if kind in f.controlled else '-' for f in found.values()),
        ]
        for kind in kinds
    ]
    text = f'{table(claims)}\n\n{told}\n\n{markdown(["", *names], rows)}'
    return Section('White noise of equal size', text, claims)


def claim(found: Found) -> Claim:
    """White noise costs more, over all kinds that are no noise themselves."""
    kinds = coloured(found)
    more = spared(found, *kinds)
    return Claim(
        f'{found.victim.name}: white noise of equal size costs more than the corruption',
        f'score under {len(kinds)} kinds that are no noise, less that under white noise',
        f'{points(more)}, n = {len(more)}',
        limits(more),
    )


def coloured(found: Found) -> list[str]:
    """Kinds with white noise beside that are no noise."""
    return [kind for kind in found.controlled if found.kinds[kind] != NOISE]


def spared(found: Found, *kinds: str) -> Numbers:
    """Score under some kinds less that under white noise of their size, (U,)."""
    return found.kind(*kinds) - found.noise(*kinds)
