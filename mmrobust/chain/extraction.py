"""Tracks of a data set's videos, as a chain estimates them, for the training of its recogniser.

Shapes: T frames, P persons of a frame at most, K joints.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from mmrobust.chain.pose_input import PoseInput, annotation, as_array, whole_videos
from mmrobust.functional.checks import require


@torch.no_grad()
def estimated_tracks(model: Any, dataset: Any) -> Iterator[dict[str, Any]]:
    """Annotations of MMAction2's ``PoseDataset``, one for each video.

    ``keypoint`` (P, T, K, 2) and ``keypoint_score`` (P, T, K) are what the recogniser of the
    chain would be given, in the type that it is given them in.

    Args:
        model: A :class:`~mmrobust.chain.pose_input.PoseInput`.
        dataset: Videos with labels, its pipeline that of the chain.

    Raises:
        ValueError: It is no chain.
    """
    require(isinstance(model, PoseInput), 'model', 'a recogniser on poses', type(model).__name__)
    weights = next(model.parameters())
    for index in range(len(dataset)):
        packed = dataset[index]
        (frames,) = whole_videos(packed['inputs'][None].to(weights))
        places, score = model.track(frames, packed['data_samples'])
        info = dataset.get_data_info(index)
        name = next((info[key] for key in ('filename', 'frame_dir') if key in info), index)
        found = annotation(len(frames), frames.shape[-2:])
        for added in ('start_index', 'modality'):
            del found[added]
        yield found | {
            'frame_dir': str(name),
            'label': int(packed['data_samples'].gt_label),
            'keypoint': as_array(places),
            'keypoint_score': as_array(score),
        }
