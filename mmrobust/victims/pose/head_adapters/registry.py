"""Which adapter goes with which head class."""

from collections.abc import Callable
from typing import Any

from mmrobust.victims.pose.head_adapters.base import HeadAdapter

ADAPTERS: dict[str, type[HeadAdapter]] = {}
# Heads that leave the pose to a head inside them, and its attribute.
_OUTER = {'VisPredictHead': 'pose_head'}


def register(*heads: str) -> Callable[[type[HeadAdapter]], type[HeadAdapter]]:
    """Class decorator: the adapter of the head classes of these names.

    By name and not by inheritance: MMPose derives heads from each other whose
    responses differ (``AssociativeEmbeddingHead`` from ``HeatmapHead``).
    """

    def keep(cls: type[HeadAdapter]) -> type[HeadAdapter]:
        ADAPTERS.update(dict.fromkeys(heads, cls))
        return cls

    return keep


def adapter_of(model: Any) -> HeadAdapter:
    """The adapter of a built pose estimator.

    Raises:
        ValueError: No head, one without an adapter, or one without its decoder.
    """
    head = getattr(model, 'head', None)
    if head is None:
        kind = type(model).__name__
        raise ValueError(f'model must be an MMPose estimator with a head, got {kind}')
    outer = type(head).__name__
    head = getattr(head, _OUTER[outer]) if outer in _OUTER else head
    kind = type(head).__name__
    if kind not in ADAPTERS:
        known = ', '.join(sorted([*ADAPTERS, *_OUTER]))
        raise ValueError(
            f'head must be one with an adapter ({known}; '
            f'mmrobust.victims.pose.head_adapters.register adds one), got {kind}'
        )
    adapter = ADAPTERS[kind](head)
    # A model trained on two sets of joints reports those of the one it is tested on.
    kept = (model.test_cfg or {}).get('output_keypoint_indices')
    adapter.reported = None if kept is None else [int(joint) for joint in kept]
    return adapter
