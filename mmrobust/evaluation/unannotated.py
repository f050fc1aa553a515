"""Which metrics have something to compare predictions with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from mmengine.evaluator import DumpResults

# What COCO's metric says where there is no annotation to find.
NOTHING = -1


def has_annotation(sample: Mapping[str, Any]) -> bool:
    """Whether a data sample, as evaluators are given it, says what there is to see.

    A class of -1 is none; joints that are all at the corner of the picture, without the
    annotation that they come from, stand for none in MMPose (boxes of a detector), and a
    picture without any is not annotated either. Of other data samples it is taken for granted.
    """
    label = sample.get('gt_label')
    if label is not None:
        return bool(np.any(np.asarray(label) >= 0))
    if 'pred_instances' not in sample:
        return True
    if sample.get('raw_ann_info'):
        return True
    persons = sample.get('gt_instances') or {}
    places = [persons[key] for key in ('keypoints', 'lifting_target') if key in persons]
    return any(np.any(np.asarray(place)) for place in places)


def needs_samples(metric: Any) -> bool:
    """Whether a metric, or its class, compares predictions with what the samples say.

    Not so one that reads an annotation file of its own, or only writes predictions down.
    """
    kind = metric if isinstance(metric, type) else type(metric)
    own = getattr(metric, 'coco', None) is not None
    writes = issubclass(kind, DumpResults) or getattr(metric, 'format_only', False)
    return not (own or writes or getattr(metric, 'without_annotations', False))


def says_nothing(values: Mapping[str, Any]) -> bool:
    """Whether a metric found no annotation: every value is -1."""
    # A confusion matrix is a value, too.
    return bool(values) and all(np.ndim(v) == 0 and v == NOTHING for v in values.values())
