"""Which adapter goes with which bottom-up head class."""

from collections.abc import Callable
from typing import Any

from mmrobust.victims.bottomup.head_adapters.base import PersonsAdapter

ADAPTERS: dict[str, type[PersonsAdapter]] = {}


def register(*heads: str) -> Callable[[type[PersonsAdapter]], type[PersonsAdapter]]:
    """Class decorator: the adapter of the head classes of these names."""

    def keep(cls: type[PersonsAdapter]) -> type[PersonsAdapter]:
        ADAPTERS.update(dict.fromkeys(heads, cls))
        return cls

    return keep


def adapter_of(model: Any) -> PersonsAdapter:
    """The adapter of a built bottom-up estimator.

    Raises:
        ValueError: Its head has none, or is set up in a way that cannot be read.
    """
    kind = type(getattr(model, 'head', None)).__name__
    if kind not in ADAPTERS:
        known = ', '.join(sorted(ADAPTERS))
        raise ValueError(
            f'head of a bottom-up estimator must be one with an adapter ({known}; '
            f'mmrobust.victims.bottomup.head_adapters.register adds one), got {kind}'
        )
    return ADAPTERS[kind](model)
