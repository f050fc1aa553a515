"""One way to refuse bad input: name the argument, the rule and what came."""

import difflib
import math
from collections.abc import Iterable, Sequence
from numbers import Real


class SampleError(ValueError):
    """Bad input of some samples of a batch; ``rows`` says of which."""

    def __init__(self, message: str, rows: Sequence[int]) -> None:
        super().__init__(message)
        self.rows = list(rows)


def require(condition: bool, argument: str, rule: str, received: object) -> None:
    """Raise ``ValueError('{argument} must be {rule}, got {received}')`` unless true."""
    if not condition:
        raise ValueError(f'{argument} must be {rule}, got {received!r}')


def finite(value: object) -> bool:
    """Whether ``value`` is a finite real number (a bool is none)."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def whole(value: object, least: float = -math.inf) -> bool:
    """Whether ``value`` is a whole number, no less than ``least`` (a bool is none)."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def suggestion(word: str, known: Iterable[str]) -> str:
    """A did-you-mean clause: the nearest known word, else the list of all."""
    choices = sorted(known)
    lower = {choice.lower(): choice for choice in choices}
    near = difflib.get_close_matches(word.lower(), lower, n=1, cutoff=0.5)
    if near:
        return f'did you mean {lower[near[0]]!r}?'
    return f'known: {", ".join(choices)}'
