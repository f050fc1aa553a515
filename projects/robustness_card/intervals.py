"""Intervals of scores over units, also where all units are alike.

Shapes: U units, D draws of U units with replacement.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mmrobust.functional.bootstrap import NOTHING, Limits, Numbers, bootstrap
from mmrobust.functional.interval import wilson

# Which units were drawn, (D, U).
Places = NDArray[np.int64]


def limits(values: Numbers) -> Limits:
    """95 % interval of the mean of scores, or of differences of them, (U,)."""
    return _not_too_sure(bootstrap(values.tolist()), len(values))


def limits_of(quantity: Callable[[Places], Numbers], units: int) -> Limits:
    """95 % interval of another quantity of drawn units.

    Args:
        quantity: Places of the drawn units (D, U) -> (D,); a draw in which it is
            undefined (NaN) leaves nothing known.
        units: How many there are.
    """
    found = bootstrap(range(units), lambda places: quantity(places.astype(np.int64)))
    return NOTHING if np.isnan(found).any() else _not_too_sure(found, units)


def _not_too_sure(found: Limits, units: int) -> Limits:
    """Resampling what is all alike says that all is certain; so many units cannot.

    Wilson's interval of a share that is 0 in all of them says how far it may be off.
    """
    low, high = found
    if low != high:
        return found
    width = wilson(0, units)[1]
    return low - width, high + width
