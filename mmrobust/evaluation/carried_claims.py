"""Claims on attacks that are carried over: weaker than white box, small at first, then clear."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from mmrobust.evaluation.carried import Carried
from mmrobust.evaluation.claims import Claim
from mmrobust.evaluation.clusters import rate_limits, worst
from mmrobust.evaluation.markdown import percent
from mmrobust.functional.bootstrap import Numbers

# Transfer is small at the smallest budget below this rate of success.
SMALL = 0.2


def weaker_and_growing(name: str, targets: Mapping[str, Carried]) -> list[Claim]:
    """Two claims on one attack, over all its targets.

    Args:
        name: Begins the claims.
        targets: Target -> what was measured on it.
    """
    each = list(targets.values())
    shown = '; '.join(_row(target, one) for target, one in targets.items())
    budgets = range(each[0].both.shape[0])
    by_eps = [one.interval(partial(_lost_at, one, e)) for one in each for e in budgets]
    # Equal at 0 or 1 is no violation: only a target fooled more often is.
    broken = min(high for _, high in by_eps)
    small = [rate_limits(one.rates()[1][0, 0], one.videos) for one in each]
    grows = [one.interval(one.growth) for one in each]
    return [
        Claim(
            f'{name}: transfer is weaker than white box',
            'white box less transfer over all eps; at no eps stronger beyond its interval',
            shown,
            (broken, broken) if broken < 0 else worst([one.interval(one.pooled) for one in each]),
        ),
        Claim(
            f'{name}: transfer is small at low eps, clear at high',
            f'{100 * SMALL:.0f} % less the rate at the smallest eps; the rise to the largest',
            'as above',
            worst([(SMALL - high, SMALL - low) for low, high in small] + grows),
        ),
    ]


def lead_shrinks(text: str, strong: Mapping[str, Carried], weak: Mapping[str, Carried]) -> Claim:
    """The lead of one attack over another is smaller on the targets than white box.

    Args:
        text: The claim.
        strong: Target -> what the stronger attack did there.
        weak: Likewise the weaker one, on the same targets.
    """
    limits, words = [], []
    for target, one in strong.items():
        other = weak[target]
        limits.append(one.interval(partial(_shrinks, one, other)))
        rates = zip(one.rates(), other.rates(), strict=True)
        white, moved = (a[0, -1] - b[0, -1] for a, b in rates)
        words.append(f'{target} {percent(white)} to {percent(moved)}')
    return Claim(
        text,
        'white-box lead less that on the target, at the largest eps, both targets',
        f'{", ".join(words)} points',
        worst(limits),
    )


def _lost_at(one: Carried, e: int, drawn: Numbers) -> Numbers:
    return one.lost(drawn)[:, e]


def _shrinks(strong: Carried, weak: Carried, drawn: Numbers) -> Numbers:
    return (strong.lost(drawn) - weak.lost(drawn))[:, -1]


def _row(name: str, one: Carried) -> str:
    white, target = ([percent(rate) for rate in rates[0]] for rates in one.rates())
    n = one.both[0].sum()
    return f'{name} {" ".join(target)} against {" ".join(white)} % (n = {n:.0f})'
