"""From which grey level pixels are counted."""

import math
from typing import Literal

from mmrobust.functional.checks import require

Origin = Literal['dark', 'grey']


def check_origin(name: str, origin: str) -> None:
    """Raise ValueError unless the option ``name`` holds an origin."""
    require(origin in ('dark', 'grey'), name, 'dark or grey', origin)


def level_of(origin: Origin, bounds: tuple[float, float]) -> float:
    """The darkest value, or that in the middle.

    Raises:
        ValueError: The victim's values have no end there.
    """
    low, high = bounds
    level = low if origin == 'dark' else (low + high) / 2
    require(math.isfinite(level), 'bounds', 'finite for this input transform', bounds)
    return level
