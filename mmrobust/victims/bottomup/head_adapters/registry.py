"""Which adapter goes with which head class of a bottom-up estimator."""

from typing import Any

from mmrobust.victims.bottomup.head_adapters.base import PersonsAdapter
from mmrobust.victims.heads import HeadAdapters

ADAPTERS = HeadAdapters('a bottom-up estimator', 'mmrobust.victims.bottomup.head_adapters')
register = ADAPTERS.register


def adapter_of(model: Any) -> PersonsAdapter:
    """The adapter of a built bottom-up estimator.

    Raises:
        ValueError: Its head has none, or is set up in a way that cannot be read.
    """
    adapter: PersonsAdapter = ADAPTERS.of(model)[0](model)
    return adapter
