"""Which readout goes with which bottom-up head class."""

from collections.abc import Callable
from typing import Any

from mmrobust.victims.bottomup.readouts.base import PersonsReadout

READOUTS: dict[str, type[PersonsReadout]] = {}


def register(*heads: str) -> Callable[[type[PersonsReadout]], type[PersonsReadout]]:
    """Class decorator: the readout of the head classes of these names."""

    def keep(cls: type[PersonsReadout]) -> type[PersonsReadout]:
        READOUTS.update(dict.fromkeys(heads, cls))
        return cls

    return keep


def readout_of(model: Any) -> PersonsReadout:
    """The readout of a built bottom-up estimator.

    Raises:
        ValueError: Its head has none, or is set up in a way that cannot be read.
    """
    kind = type(getattr(model, 'head', None)).__name__
    if kind not in READOUTS:
        known = ', '.join(sorted(READOUTS))
        raise ValueError(
            f'head of a bottom-up estimator must be one with a readout ({known}; '
            f'mmrobust.victims.bottomup.readouts.register adds one), got {kind}'
        )
    return READOUTS[kind](model)
