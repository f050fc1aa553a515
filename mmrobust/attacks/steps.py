"""How long a step is: a share of the budget, or grey levels."""

from typing import Literal

from mmrobust.functional.checks import finite, require
from mmrobust.threats import Threat

StepUnit = Literal['eps', 'pixel']


def check_step(step_size: float, step_unit: str) -> None:
    """Raise ValueError unless both are options of a step.

    Args:
        step_size: Length in the threat's norm, > 0.
        step_unit: ``eps`` (a share of the budget) or ``pixel`` (grey levels).
    """
    length = finite(step_size) and step_size > 0
    require(length, 'step_size', 'a finite number > 0', step_size)
    require(step_unit in ('eps', 'pixel'), 'step_unit', 'eps or pixel', step_unit)


def step_length(step_size: float, step_unit: str, threat: Threat) -> float:
    """The length of a step in grey levels, in the threat's norm."""
    return step_size * (threat.eps if step_unit == 'eps' else 1.0)
