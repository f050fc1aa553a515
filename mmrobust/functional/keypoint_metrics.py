"""How far a pose is from another one, sample by sample.

Shapes: N poses, K joints, D coordinates (2 in an image, 3 in space), M
thresholds. Coordinates in pixels of the picture (D = 2) or in the unit of
the data set (D = 3). A joint counts where ``visible`` is not zero; a pose of
which nothing counts has no value (NaN) and is left out of every rate.
"""

from typing import Literal, get_args

import torch
from torch import Tensor
from torch.linalg import vector_norm

from mmrobust.functional.checks import finite, require

Yardstick = Literal['box', 'head', 'area']


def joint_scale(
    kind: Yardstick,
    *,
    boxes: Tensor | None = None,
    head_sizes: Tensor | None = None,
    areas: Tensor | None = None,
) -> Tensor:
    """The length (N,), pixels, that displacements of a pose are measured in.

    Args:
        kind: ``box``: the longer side of the box (MMPose's PCK); ``head``: the
            head's size (PCKh; Andriluka et al. 2014); ``area``: the square root
            of the area (COCO's s).
        boxes: (N, 4) left, top, right, bottom, pixels; needed for ``box``.
        head_sizes: (N,), pixels; needed for ``head``.
        areas: (N,), square pixels; needed for ``area``.

    Raises:
        ValueError: Another kind, or what it needs is missing or misshapen.
    """
    require(kind in get_args(Yardstick), 'kind', f'one of {get_args(Yardstick)}', kind)
    name, value, ending = {
        'box': ('boxes', boxes, (4,)),
        'head': ('head_sizes', head_sizes, ()),
        'area': ('areas', areas, ()),
    }[kind]
    if value is None or value.dim() != 1 + len(ending) or value.shape[1:] != ending:
        shape = '(N, 4)' if ending else '(N,)'
        received = None if value is None else tuple(value.shape)
        raise ValueError(f'{name} must be {shape} for displacements by {kind}, got {received}')
    if kind == 'box':
        return (value[:, 2:] - value[:, :2]).amax(1)
    return value.sqrt() if kind == 'area' else value


def displacement(pose: Tensor, reference: Tensor) -> Tensor:
    """Euclidean distance (N, K) of every joint from where it is in the reference.

    Args:
        pose: (N, K, D).
        reference: Of the same shape.

    Raises:
        ValueError: The shapes differ, or hold no poses.
    """
    require(pose.dim() == 3, 'pose', 'of shape (N, K, D)', tuple(pose.shape))
    same = pose.shape == reference.shape
    require(same, 'reference', f'of shape {tuple(pose.shape)} like pose', tuple(reference.shape))
    distance: Tensor = vector_norm(pose - reference, dim=-1)
    return distance


def object_keypoint_similarity(
    pose: Tensor, reference: Tensor, visible: Tensor, sigmas: Tensor, areas: Tensor
) -> Tensor:
    """COCO's object keypoint similarity (N,), 0..1: the mean of exp(-d^2 / (2 s^2 k^2)).

    With k = 2 sigma and s^2 the area, as pycocotools computes it. Deviation:
    where no joint is labelled, pycocotools compares with the box; here the
    value is NaN.

    Args:
        pose: (N, K, 2), pixels.
        reference: Annotated pose, of the same shape.
        visible: (N, K); COCO's flags 1 and 2 count.
        sigmas: Falloffs of the joints (K,).
        areas: Areas of the annotated objects (N,), square pixels; (N, K) where the joints
            of a pose are those of several.

    Raises:
        ValueError: Shapes that do not belong together.
    """
    distance = displacement(pose, reference)
    count, joints = distance.shape
    require(sigmas.shape == (joints,), 'sigmas', f'of shape ({joints},)', tuple(sigmas.shape))
    known, shape = ((count,), (count, joints)), tuple(areas.shape)
    require(shape in known, 'areas', f'of shape ({count},)', shape)
    spread = similarity_spread(sigmas, areas)
    return _mean(torch.exp(-(distance**2) / spread), _mask(visible, distance))


def similarity_spread(sigmas: Tensor, areas: Tensor) -> Tensor:
    """What COCO divides squared distances by, 2 s^2 k^2 (N, K), square pixels.

    Args:
        sigmas: Falloffs of the joints (K,).
        areas: (N,) or (N, K), square pixels.
    """
    beside = areas if areas.dim() == 2 else areas[:, None]
    # The smallest step from 1 keeps an area of zero from dividing.
    return 2 * (2 * sigmas) ** 2 * (beside + torch.finfo(torch.float64).eps)


def moved_joints(
    pose: Tensor, reference: Tensor, visible: Tensor, scale: Tensor, tau: float
) -> Tensor:
    """Joints (N, K) that count and are not within ``tau`` times the scale of their reference.

    The complement of what MMPose's PCK calls correct; a place that is NaN has
    moved. Of a pose without a scale (zero or NaN) no joint counts.

    Args:
        pose: (N, K, D).
        reference: Of the same shape: the annotation, or the clean prediction.
        visible: (N, K), bool or flags.
        scale: (N,), see :func:`joint_scale`.
        tau: Threshold in scales, >= 0.

    Raises:
        ValueError: Shapes that do not belong together, or no such threshold.
    """
    require(finite(tau) and tau >= 0, 'tau', 'a number >= 0', tau)
    distance = displacement(pose, reference)
    counts = _mask(visible, distance) & _measurable(scale, distance)
    return counts & ~(distance / scale[:, None] < tau)


def vanished_joints(scores: Tensor) -> Tensor:
    """Joints (N, K) without a response: a peak of zero or less, or none at all (NaN).

    MMPose's decoders put such a joint at -1, off the image, whatever the map looks like.

    Args:
        scores: Peaks of heatmaps or of classifications along the axes (N, K).
    """
    return ~(scores > 0)


def success_curve(values: Tensor, taus: Tensor, *, targeted: bool = False) -> Tensor:
    """Success rate (M,), 0..1, at every threshold.

    Args:
        values: One number per sample (N,): untargeted, how far the pose went from
            where it was; targeted, how far it still is from the target.
        taus: Thresholds (M,) in the unit of ``values``.
        targeted: Success lies below the threshold instead of above it.

    Returns:
        Shares among the samples that have a value; NaN if none has.

    Raises:
        ValueError: Not one number per sample and per threshold.
    """
    require(values.dim() == 1, 'values', 'of shape (N,)', tuple(values.shape))
    require(taus.dim() == 1, 'taus', 'of shape (M,)', tuple(taus.shape))
    known = values[~values.isnan()]
    success = known < taus[:, None] if targeted else known > taus[:, None]
    return success.to(values.dtype).mean(1)


def _mask(visible: Tensor, joints: Tensor) -> Tensor:
    shape = joints.shape
    require(visible.shape == shape, 'visible', f'of shape {tuple(shape)}', tuple(visible.shape))
    return visible != 0


def _measurable(scale: Tensor, joints: Tensor) -> Tensor:
    count = len(joints)
    require(scale.shape == (count,), 'scale', f'of shape ({count},)', tuple(scale.shape))
    return (scale > 0)[:, None]


def _mean(values: Tensor, counts: Tensor) -> Tensor:
    """Mean of each row over what counts; NaN where nothing does."""
    return torch.where(counts, values, 0).sum(1) / counts.sum(1)
