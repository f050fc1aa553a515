"""Where two reports differ, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

# Relative; sums of other orders round differently.
CLOSE = 1e-9


def differing(first: Any, second: Any, where: str = '', of: str = 'of the runs') -> list[str]:
    """Places where two values of JSON differ.

    Args:
        first: What is said.
        second: What it should be.
        where: The place of both.
        of: What the second is made of.

    Returns:
        A text for each place: where, what is said and what it should be. NaN is null, as in a
        report; a key that only one has is null in the other.
    """
    if isinstance(first, dict) and isinstance(second, dict):
        return [
            text
            for key in {**first, **second}
            for text in differing(first.get(key), second.get(key), f'{where}.{key}'.lstrip('.'), of)
        ]
    if isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        return [
            text
            for place, pair in enumerate(zip(first, second, strict=True))
            for text in differing(*pair, f'{where}.{place}'.lstrip('.'), of)
        ]
    return [] if _same(first, second) else [f'{where} is {first}, {of} {second}']


def compared(
    said: Mapping[str, Any], again: Mapping[str, Any], of: str = 'of its lines'
) -> tuple[list[str], list[str]]:
    """What a report says, beside what its lines come to.

    Args:
        said: The report.
        again: Parts of it, made anew.
        of: What those are made of.

    Returns:
        What differs; and the parts that the report, perhaps of an earlier version, has not.
    """
    lacking: Sequence[str] = [name for name in again if name not in said]
    wrong = [
        text
        for name, value in again.items()
        if name in said
        for text in differing(said[name], value, name, of)
    ]
    return wrong, list(lacking)


def _same(first: Any, second: Any) -> bool:
    first, second = _known(first), _known(second)
    numbers = all(type(one) in (int, float) for one in (first, second))
    return math.isclose(first, second, rel_tol=CLOSE) if numbers else first == second


def _known(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
