"""Constants of the five severities where they are an option."""

from collections.abc import Sequence

from mmrobust.functional.checks import finite, require


def five(values: Sequence[float]) -> tuple[float, ...]:
    """The same numbers as a tuple; refused unless they are five, finite and > 0."""
    fits = len(values) == 5 and all(finite(one) and one > 0 for one in values)
    require(fits, 'constants', 'five finite numbers > 0, the mildest first', values)
    return tuple(values)
