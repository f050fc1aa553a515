"""The samples of one data set among several, whose numbers of pictures may be the same."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from mmrobust.datasets.wrappers import locate
from mmrobust.victims.pose.images import Images


class Chosen:
    """Some items of a data set, looked up as a data set's own are.

    Args:
        dataset: The data set, or a wrapper.
        indices: Of the items.
    """

    # What says that this is no wrapper; nothing runs it.
    pipeline = None

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset, self.indices = dataset, indices

    def __len__(self) -> int:
        return len(self.indices)

    def get_data_info(self, index: int) -> dict[str, Any]:
        """The item's annotation."""
        leaf, inner = locate(self.dataset, self.indices[index])
        found: dict[str, Any] = leaf.get_data_info(inner)
        return found


def samples_of(name: str, samples: Any, kept: Collection[int]) -> tuple[Chosen, set[int]]:
    """The items of the data set of that name, and which of them are kept.

    Args:
        name: ``dataset_name`` of the items.
        samples: All data sets together, or their :class:`Images`.
        kept: Indices of samples.
    """
    rows = set(kept)
    if isinstance(samples, Images):
        rows = {row for index in kept for row in samples.persons[index]}
        samples = samples.dataset
    everything = Chosen(samples, range(len(samples)))
    items = range(len(everything))
    chosen = [i for i in items if everything.get_data_info(i).get('dataset_name') == name]
    return Chosen(samples, chosen), {place for place, row in enumerate(chosen) if row in rows}
