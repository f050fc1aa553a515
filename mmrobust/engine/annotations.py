"""What metrics take from the annotation file of poses, checked and cut to what was evaluated."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from mmrobust.datasets.wrappers import locate
from mmrobust.victims.pose.images import Images


def check_annotations(metrics: Iterable[Any], samples: Any) -> None:
    """Refuse before the first attack what a metric would stumble over after the last.

    Args:
        metrics: Of the config.
        samples: The data set, or its :class:`Images`.

    Raises:
        ValueError: COCO's metric scales by areas that the annotations lack, or
            MPII's by head sizes.
    """
    for metric in _inner(metrics):
        kind = type(metric).__name__
        # One that only writes predictions reads no annotation.
        evaluates = not getattr(metric, 'format_only', False)
        if evaluates and getattr(metric, 'use_area', False):
            for annotation in _annotated(metric, samples):
                if 'area' not in annotation:
                    raise ValueError(
                        f'{kind} must find an area in every annotation, got none in that with '
                        f'id {annotation.get("id")}; use_area=False evaluates without areas'
                    )
        norms = getattr(metric, 'norm_item', None) or ()
        if 'head' in ([norms] if isinstance(norms, str) else norms):
            first = next(_infos(samples, range(min(1, len(samples)))), {})
            if 'head_size' not in first:
                raise ValueError(
                    f"{kind} with norm_item='head' must find head_size in the data set, got "
                    f'{sorted(first)}; MpiiDataset has it with headbox_file=FILE'
                )


def _inner(metrics: Iterable[Any]) -> Iterator[Any]:
    """Metrics; in the place of one that holds others (``KeypointPartitionMetric``), those."""
    for metric in metrics:
        held = getattr(metric, 'metrics', None)
        yield from held.values() if isinstance(held, Mapping) else [metric]


def leave_out(metrics: Iterable[Any], samples: Any, kept: Collection[int]) -> None:
    """Let COCO's metric count only the persons and pictures that were evaluated.

    It compares with the whole annotation file: what a shorter run
    (``max_samples``) never looked at, or what could not be loaded, would count as
    missed. Persons that the data set itself leaves out stay, as in a whole run.

    Args:
        metrics: Of one side; their annotations are replaced.
        samples: The data set, or its :class:`Images`.
        kept: Indices of the evaluated samples.
    """
    found = [metric for metric in _inner(metrics) if getattr(metric, 'coco', None) is not None]
    rest = [index for index in range(len(samples)) if index not in kept]
    if not found or not rest:
        return
    pictures = {info['img_id'] for info in _infos(samples, kept)}
    missing = list(_infos(samples, rest))
    gone = {info['img_id'] for info in missing} - pictures
    # Boxes of a detector have numbers, but no annotation behind them.
    persons = {person['id'] for info in missing for person in _raw(info)}
    for metric in found:
        metric.coco = _without(metric.coco, gone, persons)


def _without(coco: Any, gone: Collection[Any], persons: Collection[Any]) -> Any:
    """Annotations without some pictures and some persons."""
    less = copy.copy(coco)
    less.dataset = dict(coco.dataset)
    images, annotations = coco.dataset['images'], coco.dataset['annotations']
    less.dataset['images'] = [image for image in images if image['id'] not in gone]
    less.dataset['annotations'] = [
        copy.copy(one)
        for one in annotations
        if one['image_id'] not in gone and one['id'] not in persons
    ]
    less.createIndex()
    return less


def _annotated(metric: Any, samples: Any) -> Iterator[dict[str, Any]]:
    """Every annotation that COCO's metric will read."""
    coco = getattr(metric, 'coco', None)
    if coco is not None:
        yield from coco.dataset.get('annotations', ())
        return
    for info in _infos(samples, range(len(samples))):
        yield from _raw(info)


def _raw(info: dict[str, Any]) -> list[dict[str, Any]]:
    """The annotations behind a sample: one of a person, several of a picture."""
    raw = info.get('raw_ann_info') or []
    return [one for one in (raw if isinstance(raw, list) else [raw]) if one is not None]


def _infos(samples: Any, indices: Iterable[int]) -> Iterator[dict[str, Any]]:
    """What the data set knows of its items behind samples."""
    whole = isinstance(samples, Images)
    dataset = samples.dataset if whole else samples
    for index in indices:
        for row in samples.persons[index] if whole else [index]:
            leaf, inner = locate(dataset, row)
            yield leaf.get_data_info(inner)
