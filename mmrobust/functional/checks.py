"""One way to refuse bad input: name the argument, the rule and what came."""

import difflib
import math
from collections.abc import Iterable, Sequence
from numbers import Real

# Characters of a value that a message shows: the line is to be read, not searched.
LONGEST = 200
# Names that begin alike may be meant as well, if they are nearly as near and none is near enough.
ALIKE, NEARLY, SURE, SEVERAL = 4, 0.2, 0.9, 3


class SampleError(ValueError):
    """Bad input of some samples of a batch; ``rows`` says of which."""

    def __init__(self, message: str, rows: Sequence[int]) -> None:
        super().__init__(message)
        self.rows = list(rows)


class BrokenFileError(ValueError):
    """A sample's file cannot be read; the message says all there is to say."""


def require(condition: bool, argument: str, rule: str, received: object) -> None:
    """Raise ``ValueError('{argument} must be {rule}, got {received}')`` unless true."""
    if not condition:
        raise ValueError(f'{argument} must be {rule}, got {shown(received)}')


def shown(value: object) -> str:
    """``repr`` of a value for a message; the middle of a long one is left out."""
    text = repr(value)
    if type(value).__module__ == 'numpy' and isinstance(value, Real):
        # Its repr may be that of a plain number, which would be right.
        text = f'{value} of type {type(value).__name__}'
    if len(text) <= LONGEST:
        return text
    half = LONGEST // 2
    left_out = len(text) - 2 * half
    return f'{text[:half]} ... {left_out} characters ... {text[-half:]}'


def finite(value: object) -> bool:
    """Whether ``value`` is a finite real number (a bool is none)."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def whole(value: object, least: float = -math.inf) -> bool:
    """Whether ``value`` is a whole number, no less than ``least`` (a bool is none)."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def suggestion(word: str, known: Iterable[str]) -> str:
    """A did-you-mean clause: the nearest known word, else the list of all.

    Words that begin as the nearest does and are nearly as near are named, too.
    """
    choices = sorted(known)
    lower = {choice.lower(): choice for choice in choices}
    word = word.lower()
    near = difflib.get_close_matches(word, lower, n=1, cutoff=0.5)
    if not near:
        return f'known: {", ".join(choices)}'
    beginning = near[0][:ALIKE]
    ratio = difflib.SequenceMatcher(None, near[0], word).ratio()
    if word.startswith(beginning) and ratio < SURE:
        alike = [choice for choice in lower if choice.startswith(beginning)]
        cutoff = max(ratio - NEARLY, 0.5)
        near = difflib.get_close_matches(word, alike, n=SEVERAL, cutoff=cutoff)
    return f'did you mean {" or ".join(repr(lower[choice]) for choice in sorted(near))}?'


def one_line(error: BaseException) -> str:
    """The error's type and first line; of a broken file, the line alone."""
    lines = str(error).strip().splitlines() or ['']
    if isinstance(error, BrokenFileError):
        return lines[0]
    return f'{type(error).__name__}: {lines[0]}'.rstrip(': ')
