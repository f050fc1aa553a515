"""Looking through mmengine's dataset wrappers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any


def leaves(dataset: Any) -> Iterator[Any]:
    """The data sets with a pipeline inside wrappers.

    Raises:
        ValueError: There is none.
    """
    if hasattr(dataset, 'pipeline'):
        yield dataset
    elif hasattr(dataset, 'datasets'):
        for inner in dataset.datasets:
            yield from leaves(inner)
    elif hasattr(dataset, 'dataset'):
        yield from leaves(dataset.dataset)
    else:
        kind = type(dataset).__name__
        raise ValueError(f'dataset must have a pipeline or wrap one that has, got {kind}')


def locate(dataset: Any, index: int) -> tuple[Any, int]:
    """The data set with a pipeline that holds sample ``index``, and the index there."""
    if hasattr(dataset, 'pipeline'):
        return dataset, index
    if hasattr(dataset, 'datasets'):
        number, inner = dataset._get_ori_dataset_idx(index)
        return locate(dataset.datasets[number], inner)
    return locate(dataset.dataset, index % len(dataset.dataset))


def annotations_digest(dataset: Any) -> str:
    """A hash of all annotations: another list of videos is another run."""
    digest = hashlib.sha256()
    for leaf in leaves(dataset):
        packed = getattr(leaf, 'data_bytes', None)
        if packed is not None and len(packed):
            digest.update(packed.tobytes())
        else:
            digest.update(repr(getattr(leaf, 'data_list', len(leaf))).encode())
    return digest.hexdigest()[:16]
