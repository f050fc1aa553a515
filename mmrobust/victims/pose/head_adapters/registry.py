"""Which adapter goes with which head class of a top-down estimator."""

from typing import Any

from mmrobust.victims.heads import HeadAdapters
from mmrobust.victims.pose.head_adapters.base import HeadAdapter

ADAPTERS = HeadAdapters(
    'a pose estimator',
    'mmrobust.victims.pose.head_adapters',
    inner={'VisPredictHead': 'pose_head'},
)
register = ADAPTERS.register


def adapter_of(model: Any) -> HeadAdapter:
    """The adapter of a built pose estimator.

    Raises:
        ValueError: No head, one without an adapter, or one without its decoder.
    """
    cls, head = ADAPTERS.of(model)
    adapter: HeadAdapter = cls(head)
    # A model trained on two sets of joints reports those of the one it is tested on.
    kept = (model.test_cfg or {}).get('output_keypoint_indices')
    adapter.reported = None if kept is None else [int(joint) for joint in kept]
    return adapter
