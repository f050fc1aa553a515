"""Claims that compare two attacks on the same samples: rates of success, and what they change."""

from __future__ import annotations

from dataclasses import replace
from statistics import mean

from mmrobust.evaluation.claims import Claim
from mmrobust.evaluation.estimates import averaged, ratio, shown
from mmrobust.evaluation.pose_samples import (
    WITHIN,
    Samples,
    both_successful,
    common,
    gained,
    rate,
    smaller,
)
from mmrobust.functional.bootstrap import DIFFERENCE, NOTHING

# Rates that differ by no more count as equal.
EQUAL = 0.1
# Equal rates say nothing unless the other one is above this, with its interval.
SOME = 0.2


def higher_rate(
    text: str, one: Samples, other: Samples, slack: float = 0.0, unlike: str = ''
) -> Claim:
    """A claim on two success rates: one is above the other less ``slack``.

    Args:
        text: The claim.
        one: Samples whose rate should be the higher one.
        other: The same samples under another attack.
        slack: What it may be lower; negative: must be higher.
        unlike: What success is on both sides, where it is not the same.
    """
    part, (left, right) = gained(one, other), common(one, other)
    low, high = part.limits
    rule = f'difference of the rates {"+" if slack > 0 else "-"} {abs(slack):g}'
    rule = rule if slack else 'difference of the rates'
    return Claim(
        text,
        f'{rule}; {unlike}' if unlike else rule,
        ' against '.join(shown(rate(samples), '.0f', 100) for samples in (left, right)) + ' (%)',
        (low + slack, high + slack),
    )


def equal_rates(text: str, one: Samples, other: Samples, name: str) -> Claim:
    """A claim on two success rates: one is not below the other by EQUAL.

    Undecided where the other is hardly above none.

    Args:
        text: The claim.
        one: Samples whose rate should be as high.
        other: The same samples under another attack.
        name: Of the other attack.
    """
    claim = higher_rate(text, one, other, EQUAL)
    enough = rate(other).limits[0] > SOME
    rule = f'{claim.rule}; rate of {name} above {SOME:g}'
    return replace(claim, rule=rule, margin=claim.margin if enough else NOTHING)


def lower_rmse(text: str, one: Samples, other: Samples) -> Claim:
    """A claim on the RMSE: that of ``one`` is the lower one where both succeed."""
    pairs = both_successful(one, other)
    part = ratio(*pairs)
    low, high = part.limits
    means = ' against '.join(f'{mean(rmse):.2f}' for rmse in pairs if rmse)
    return Claim(
        text,
        '1 less the ratio, successes of both',
        f'{shown(part)}; {means or "no"} grey levels',
        (1 - high, 1 - low),
    )


def needs_less(text: str, one: Samples, other: Samples, name: str) -> Claim:
    """A claim on the RMSE: ``one`` needs less than the other on more samples than not.

    Args:
        text: The claim.
        one: Samples that should need less.
        other: The same samples under another attack.
        name: Of the other attack.
    """
    part = smaller(one, other)
    return Claim(
        text,
        f'share where it does less the share where {name} does; who fails needs more than anything',
        shown(part, '.0f', 100) + ' %',
        part.limits,
    )


def all_of(text: str, *parts: Claim) -> Claim:
    """Holds if all parts hold, and does not if one does not."""
    low, high = (min(part.margin[side] for part in parts) for side in (0, 1))
    verdicts = ', '.join(part.verdict for part in parts)
    return Claim(text, 'the smaller one of both', verdicts, (low, high))


def loses_more(text: str, rule: str, key: str, one: Samples, other: Samples) -> Claim:
    """A claim on two victims: one loses more than the other, on samples that both have right.

    Args:
        text: The claim.
        rule: What is above zero if it holds.
        key: What is lost, an attribute of a sample.
        one: Samples of the victim that should lose more.
        other: The same samples, of the other victim.
    """
    left, right = common(one, other)
    within = DIFFERENCE if key in WITHIN else NOTHING
    more = averaged([getattr(left[i], key) - getattr(right[i], key) for i in left], within)
    lost, wrong = (
        ' against '.join(points(name, samples) for samples in (left, right))
        for name in (key, 'clean_error')
    )
    measured = f'{shown(more, ".1f", 100)}; {lost} (clean error {wrong} % of the box)'
    return Claim(text, rule, measured, more.limits)


def points(key: str, samples: Samples) -> str:
    """The mean of an attribute of the samples that have it, in per cent."""
    values = (getattr(sample, key) for sample in samples.values())
    known = [value for value in values if value is not None]
    return f'{100 * mean(known):.1f}' if known else '-'
