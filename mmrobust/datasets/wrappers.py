"""Looking through mmengine's dataset wrappers."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterator
from typing import Any

from mmrobust.functional.canonical import digest


def leaves(dataset: Any) -> Iterator[Any]:
    """The data sets with a pipeline inside wrappers.

    Raises:
        ValueError: There is none.
    """
    dataset = _unsliced(dataset)
    if hasattr(dataset, 'pipeline'):
        yield dataset
        return
    inner = _inner(dataset)
    if not inner:
        kind = type(dataset).__name__
        raise ValueError(f'dataset must have a pipeline or wrap one that has, got {kind}')
    for part in inner:
        yield from leaves(part)


def locate(dataset: Any, index: int) -> tuple[Any, int]:
    """The data set with a pipeline that holds sample ``index``, and the index there."""
    dataset = _unsliced(dataset)
    if hasattr(dataset, 'pipeline'):
        return dataset, index
    found = dataset._get_ori_dataset_idx(index)
    if hasattr(dataset, 'datasets'):
        number, inner = found
        return locate(dataset.datasets[number], inner)
    return locate(dataset.dataset, found)


def clipped(dataset: Any) -> Any:
    """The data set, no longer than what it holds.

    ``num_batch_per_epoch`` of a data loader cuts it to whole batches, of which the last
    one may reach beyond its end.
    """
    whole = _unsliced(dataset)
    return whole if len(whole) < len(dataset) else dataset


def annotations_digest(dataset: Any) -> str:
    """A hash of all annotations, inside wrappers too: another list of videos is another run."""
    found = hashlib.sha256()
    for part in parts(dataset):
        for content in _annotations(part):
            found.update(content)
    return found.hexdigest()[:16]


def parts(dataset: Any) -> Iterator[Any]:
    """A data set and all that are inside it; one with a pipeline may hold such, too."""
    dataset = _unsliced(dataset)
    yield dataset
    for part in _inner(dataset):
        yield from parts(part)


def own_state(dataset: Any) -> dict[str, Any]:
    """What a data set holds that does not keep annotations as mmengine does, or wraps others."""
    packed, listed = (getattr(dataset, name, None) for name in ('data_bytes', 'data_list'))
    if listed or (packed is not None and len(packed)):
        return {}
    attributes = getattr(dataset, '__dict__', {})
    return {k: v for k, v in attributes.items() if k not in ('pipeline', 'dataset', 'datasets')}


def _unsliced(dataset: Any) -> Any:
    """Without the slice that mmengine lays around it for ``num_batch_per_epoch``."""
    attributes = getattr(dataset, '__dict__', {})
    return attributes['_dataset'] if {'_dataset', '_length'} <= attributes.keys() else dataset


def _inner(dataset: Any) -> list[Any]:
    """What a wrapper wraps; nothing where ``dataset`` is none."""
    if hasattr(dataset, 'datasets'):
        return list(dataset.datasets)
    return [dataset.dataset] if hasattr(dataset, 'dataset') else []


def _annotations(dataset: Any) -> Iterator[bytes]:
    """The annotations of a data set itself, without those of data sets inside it."""
    packed, listed = (getattr(dataset, name, None) for name in ('data_bytes', 'data_list'))
    if packed is not None and len(packed):
        yield packed.tobytes()
    elif listed:
        # One by one, as mmengine packs them: parts that items share do not count.
        yield from (pickle.dumps(item, protocol=4) for item in listed)
    else:
        yield digest([len(dataset), own_state(dataset)]).encode()
