"""A claim beside what was measured, with the verdict that follows from its interval."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from mmrobust.evaluation.markdown import markdown
from mmrobust.functional.bootstrap import Limits


@dataclass(frozen=True)
class Claim:
    """A claim with what was measured.

    Attributes:
        text: The claim.
        rule: What is above zero if it holds.
        measured: The numbers, with n.
        margin: 95 % interval of that quantity; infinite where there is too little.
    """

    text: str
    rule: str
    measured: str
    margin: Limits

    @property
    def verdict(self) -> str:
        """Held, did not hold, or undecided; no difference at all decides nothing."""
        low, high = self.margin
        return 'held' if low > 0 else 'did not hold' if high < 0 else 'undecided'


def table(claims: Iterable[Claim]) -> str:
    """Claims in Markdown, a row each."""
    rows = []
    for claim in claims:
        low, high = claim.margin
        known = not math.isinf(low) and not math.isinf(high)
        limits = f'{low:+.4g} to {high:+.4g}' if known else 'too few samples'
        rows.append((claim.text, claim.rule, claim.measured, limits, claim.verdict))
    return markdown(('claim', 'above zero', 'measured', 'interval of it', 'verdict'), rows)
