"""Poses by COCO's object keypoint similarity (OKS), with what is known of a batch.

Shapes: N samples, K joints; input pixels.
"""

import math

import torch
from torch import Tensor

from mmrobust.functional.checks import require
from mmrobust.functional.keypoint_metrics import object_keypoint_similarity, similarity_spread
from mmrobust.goals.pose_annotations import PoseAnnotations

# Where nobody measured a person's area, what xtcocotools takes in its place
# (``use_area=False`` of MMPose's CocoMetric): this share of the box's.
OF_THE_BOX = 0.53


def check_similarity(annotations: PoseAnnotations) -> None:
    """Raise ValueError unless poses can be compared by OKS."""
    rule = 'share for a data set without sigmas (OKS needs a falloff of every joint)'
    require(annotations.sigmas is not None, 'criterion', rule, 'oks')
    areas = annotations.area is not None or annotations.box_area is not None
    require(areas, 'criterion', 'share for persons without an area or a box (OKS)', 'oks')


def areas(annotations: PoseAnnotations) -> Tensor:
    """Areas (N,), or (N, K) by joint: the annotated ones, else shares of the boxes."""
    known, boxes = annotations.area, annotations.box_area
    if known is None or boxes is None:
        found = known if boxes is None else OF_THE_BOX * boxes
    else:
        found = known.where(known > 0, OF_THE_BOX * boxes)
    assert found is not None, 'check_similarity() has been called'
    return found


def spread(annotations: PoseAnnotations) -> Tensor:
    """What squared distances are divided by (N, K): the exponent of a joint's similarity."""
    assert annotations.sigmas is not None, 'check_similarity() has been called'
    known = areas(annotations)
    return similarity_spread(annotations.sigmas.to(known), known)


def similarity(
    joints: Tensor, reference: Tensor, counted: Tensor, annotations: PoseAnnotations
) -> Tensor:
    """OKS (N,) of poses (N, K, 2), over the joints (N, K) that count; NaN without any."""
    assert annotations.sigmas is not None, 'check_similarity() has been called'
    found = joints.double().cpu()
    sigmas, known = annotations.sigmas.to(found), areas(annotations).to(found)
    return object_keypoint_similarity(found, reference.to(found), counted.cpu(), sigmas, known)


def most_exponent(below: float) -> float:
    """The exponent of a joint that is lost: its similarity is ``below / e``."""
    return 1 - math.log(below)


def lost_reach(annotations: PoseAnnotations, below: float) -> Tensor:
    """How far joints (N, K) must go to be lost, input pixels."""
    return (spread(annotations) * most_exponent(below)).sqrt()


def lost_joints(counted: Tensor, below: float) -> Tensor:
    """How many joints (N,) must be lost for OKS to be less than ``below``, wherever the others are.

    Of V joints the others have at most 1 each, the lost ones less than ``below / e``.
    """
    wanted = (1 - below) / (1 - below / math.e) * counted.sum(dim=1).double()
    return torch.ceil(wanted - 1e-9)
