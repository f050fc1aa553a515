"""Which readout goes with which head class."""

from collections.abc import Callable
from typing import Any

from mmrobust.victims.pose.readouts.base import Readout

READOUTS: dict[str, type[Readout]] = {}
# Heads that leave the pose to a head inside them, and its attribute.
_OUTER = {'VisPredictHead': 'pose_head'}


def register(*heads: str) -> Callable[[type[Readout]], type[Readout]]:
    """Class decorator: the readout of the head classes of these names.

    By name and not by inheritance: MMPose derives heads from each other whose
    responses differ (``AssociativeEmbeddingHead`` from ``HeatmapHead``).
    """

    def keep(cls: type[Readout]) -> type[Readout]:
        READOUTS.update(dict.fromkeys(heads, cls))
        return cls

    return keep


def readout_of(model: Any) -> Readout:
    """The readout of a built pose estimator.

    Raises:
        ValueError: No head, one without a readout, or one without its decoder.
    """
    head = getattr(model, 'head', None)
    if head is None:
        kind = type(model).__name__
        raise ValueError(f'model must be an MMPose estimator with a head, got {kind}')
    outer = type(head).__name__
    head = getattr(head, _OUTER[outer]) if outer in _OUTER else head
    kind = type(head).__name__
    if kind not in READOUTS:
        known = ', '.join(sorted([*READOUTS, *_OUTER]))
        raise ValueError(
            f'head must be one with a readout ({known}; '
            f'mmrobust.victims.pose.readouts.register adds one), got {kind}'
        )
    readout = READOUTS[kind](head)
    # A model trained on two sets of joints reports those of the one it is tested on.
    kept = (model.test_cfg or {}).get('output_keypoint_indices')
    readout.reported = None if kept is None else [int(joint) for joint in kept]
    return readout
