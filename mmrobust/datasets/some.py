"""Some samples of a data set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class Some:
    """The samples of some places in another data set, wrapped or not.

    Args:
        dataset: The other.
        indices: In it, in the order of the items.

    Attributes:
        metainfo: Of the data set.
    """

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset, self.indices = dataset, list(indices)
        self.metainfo = dataset.metainfo

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, item: int) -> Any:
        """The sample."""
        return self.dataset[self.indices[item]]
