"""Boxes of a detector, and the annotations that they belong to.

MMPose loads the boxes of a ``bbox_file`` with joints that stand for none; the
annotation file of the same data set lies beside them.
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from typing import Any

import numpy as np
import torch

from mmrobust.victims.samples import Results

# A box belongs to an annotation that it overlaps by at least as much (intersection over union).
OVERLAP = 0.5
# What a box takes over. Its number, score and corners stay: the same is cut out and evaluated.
TAKEN = ('keypoints', 'keypoints_visible', 'raw_ann_info')


def annotate_boxes(dataset: Any) -> None:
    """Give the boxes of a detector the annotations that they match; others stay as they are.

    Picture by picture, as COCO's evaluation does: in the order of their scores,
    boxes take the annotation that they overlap most among those still free.

    Args:
        dataset: An MMPose data set, or a ``CombinedDataset``, whose own data sets are looked at.
    """
    for one in _with_boxes(dataset):
        _annotate(one)


def _with_boxes(dataset: Any) -> Iterator[Any]:
    """The data sets, among this and those it is made of, whose boxes are a detector's."""
    if getattr(dataset, 'bbox_file', None):
        yield dataset
    inner = getattr(dataset, 'dataset', None)
    for part in (*getattr(dataset, 'datasets', ()), *([] if inner is None else [inner])):
        yield from _with_boxes(part)


def _annotate(dataset: Any) -> None:
    from mmengine.dataset import BaseDataset

    # What MMPose adds to every item would be stored with every item.
    boxes = [BaseDataset.get_data_info(dataset, row) for row in range(len(dataset))]
    # COCO's reader tells what it does, as it did when the boxes were loaded.
    with redirect_stdout(io.StringIO()):
        instances, _ = dataset._load_annotations()
    del dataset.coco
    persons = [one for one in instances if dataset._is_valid_instance(one)]
    for row, person in matches(boxes, persons).items():
        boxes[row] |= {key: person[key] for key in TAKEN}
    dataset.data_list = boxes
    if dataset.serialize_data:
        dataset.data_bytes, dataset.data_address = dataset._serialize_data()


def matches(boxes: Sequence[Results], persons: Sequence[Results]) -> Mapping[int, Results]:
    """The annotated person of every box that has one, by the box's place in its list.

    Args:
        boxes: With ``img_id``, ``bbox`` (1, 4) and ``bbox_score`` (1,).
        persons: With ``img_id`` and ``bbox`` (1, 4).
    """
    from mmpose.structures.bbox import bbox_overlaps

    rows, known = defaultdict(list), defaultdict(list)
    for row, box in enumerate(boxes):
        rows[box['img_id']].append(row)
    for person in persons:
        known[person['img_id']].append(person)
    found: dict[int, Results] = {}
    for picture in rows.keys() & known.keys():
        order = sorted(rows[picture], key=lambda row: -float(boxes[row]['bbox_score'][0]))
        given = _corners([boxes[row] for row in order])
        overlaps = bbox_overlaps(given, _corners(known[picture])).numpy()
        for row, overlap in zip(order, overlaps, strict=True):
            best = int(overlap.argmax())
            if overlap[best] >= OVERLAP:
                found[row] = known[picture][best]
                overlaps[:, best] = 0
    return found


def _corners(items: Sequence[Results]) -> torch.Tensor:
    """Left, top, right and bottom (M, 4) of every item's box."""
    corners = np.stack([np.asarray(item['bbox'], np.float64)[0, :4] for item in items])
    return torch.from_numpy(corners)
