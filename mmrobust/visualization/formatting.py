"""Numbers, shares and durations as text; whatever is unknown becomes a dash."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

DASH = '–'
MINUS = '−'
GROUPED_FROM = 10_000
MAX_NAMES = 5
# Metrics of OpenMMLab that are shares of 1, by the words in their names.
SHARES = re.compile(r'acc|top\d|mean\d|pck|auc|precision|recall|rate|share|\bap\b|\bar\b|f1', re.I)
# And those of which less is better: distances, losses, the ranks of retrieval.
ERRORS = re.compile(r'nme|epe|mpjpe|mrrpe|loss|error|\bm[dn]r\b', re.I)


def real(value: Any) -> float | None:
    """``value`` as a finite float, or None for None, NaN, infinity and text."""
    if value is None or isinstance(value, str | bytes | Mapping):
        return None
    try:
        result = float(value)
    except (TypeError, ValueError):
        return None
    return result if math.isfinite(result) else None


def count(value: Any) -> int:
    """``value`` as a whole number, 0 where it is unknown."""
    return int(real(value) or 0)


def number(value: Any, digits: int = 4) -> str:
    """A number with ``digits`` significant digits, thousands grouped: '12 345'."""
    found = real(value)
    if found is None:
        return DASH
    if found == 0 or 1e-3 <= abs(found) < 1e6:
        places = max(digits - 1 - math.floor(math.log10(abs(found))), 0) if found else 0
        text = f'{found:,.{places}f}'
        text = text.rstrip('0').rstrip('.') if '.' in text else text
        text = text.replace(',', ' ' if abs(found) >= GROUPED_FROM else '')
        return text.replace('-', MINUS)
    return f'{found:.{digits - 1}g}'.replace('-', MINUS)


def percent(value: Any) -> str:
    """A share of 1 as '93.8 %'."""
    found = real(value)
    return DASH if found is None else f'{100 * found:.1f} %'.replace('-', MINUS)


def interval(limits: Any) -> str:
    """Two shares as '85.0–97.5 %'."""
    ends = [real(limit) for limit in limits] if isinstance(limits, Sequence) else []
    low, high = (None, None) if len(ends) != 2 else ends
    if low is None or high is None:
        return DASH
    low, high = 100 * low, 100 * high
    return f'{low:.1f}{DASH}{high:.1f} %'


def duration(seconds: Any) -> str:
    """Seconds as '0.41 s', '12.3 s', '4 min 10 s' or '2 h 05 min'."""
    found = real(seconds)
    if found is None:
        return DASH
    if found < 59.95:
        return f'{found:.3g} s' if found < 9.995 else f'{found:.1f} s'
    minutes, rest = divmod(round(found), 60)
    if minutes < 60:
        return f'{minutes} min {rest} s'
    return f'{minutes // 60} h {minutes % 60:02} min'


def size(count: int) -> str:
    """Bytes as '1.2 MB'."""
    found, units = float(count), ['B', 'kB', 'MB', 'GB', 'TB']
    while found >= 1000 and len(units) > 1:
        found /= 1000
        units.pop(0)
    return f'{found:.0f} B' if units[0] == 'B' else f'{found:.1f} {units[0]}'


def is_share(name: str, *values: Any) -> bool:
    """Whether a metric is a share of 1, judged by its name and values."""
    known = [found for found in map(real, values) if found is not None]
    named = bool(SHARES.search(name)) and not is_error(name)
    return named and bool(known) and all(0 <= found <= 1 for found in known)


def is_error(name: str) -> bool:
    """Whether a metric is an error, so that less of it is better, judged by its name."""
    return bool(ERRORS.search(name))


def plain(value: Any) -> str:
    """Any value as text; None and NaN become a dash."""
    unknown = value is None or (isinstance(value, float) and math.isnan(value))
    return DASH if unknown else str(value)


def class_name(label: Any, names: Sequence[str]) -> str:
    """The name of a class, or its number as text."""
    index = real(label)
    if index is None:
        return plain(label)
    known = index == int(index) and 0 <= index < len(names)
    return str(names[int(index)]) if known else number(index)


def counted(n: int, noun: str) -> str:
    """'1 file', '2 files'."""
    return f'{n} {noun}' if n == 1 else f'{n} {noun}s'


def listed(names: Sequence[str]) -> str:
    """'7 (a, b, c, d, e, ...)': how many, and the first of them."""
    more = ', ...' if len(names) > MAX_NAMES else ''
    return f'{len(names)} ({", ".join(names[:MAX_NAMES])}{more})'


def flatten(options: Mapping[str, Any], prefix: str = '') -> list[tuple[str, str]]:
    """Nested options as ('threat.eps', '4.0') pairs in their order."""
    pairs: list[tuple[str, str]] = []
    for key, value in options.items():
        name = f'{prefix}{key}'
        if isinstance(value, Mapping) and value:
            pairs += flatten(value, f'{name}.')
        else:
            pairs.append((name, plain(value)))
    return pairs
