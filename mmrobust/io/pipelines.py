"""Pipelines in configs of data sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def own_pipeline(dataset: Mapping[str, Any]) -> Any:
    """The test pipeline of a data set's config, inside wrappers.

    Raises:
        ValueError: There is none, or the parts of a wrapper have different ones.
    """
    found: list[Any] = []
    left: list[Mapping[str, Any]] = [dataset]
    while left:
        part = left.pop(0)
        if 'pipeline' in part:
            found.append(part['pipeline'])
        else:
            left += [part['dataset']] if 'dataset' in part else part.get('datasets', [])
    kind = dataset.get('type')
    if not found:
        raise ValueError(f'test_dataloader.dataset must have a pipeline, got {kind}')
    if any(pipeline != found[0] for pipeline in found):
        raise ValueError(
            f'test_dataloader.dataset must have one pipeline in all its parts, got {len(found)} '
            f'parts with different ones in {kind}; take them one by one'
        )
    return found[0]
