"""What no victim sees at all reaches: one pose for everybody, the mean of the training."""

from __future__ import annotations

from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.registry import init_default_scope
from numpy.typing import NDArray

from mmrobust.evaluation.estimates import Measurement, averaged
from mmrobust.functional.bootstrap import SHARE

Numbers = NDArray[np.float64]


def mean_pose(cfg: Config, n: int, within: float) -> tuple[Measurement, Measurement]:
    """PCK and error of the mean training pose on the first ``n`` test samples.

    Args:
        cfg: Of a pose estimator's training and test.
        n: Test samples, at most.
        within: A joint is right this near to its annotation, in longer sides of the box.

    Returns:
        Means over the samples of the share of right joints, and of the distance.
    """
    import mmpose.datasets  # noqa: F401  (registers them)

    init_default_scope('mmpose')
    train = cfg.train_dataloader.dataset
    shapes, known = _shapes(train.get('dataset', train))
    mean = (shapes * known[..., None]).sum(0) / known.sum(0)[:, None]
    tests, seen = (part[:n] for part in _shapes(cfg.test_dataloader.dataset))
    gaps = np.linalg.norm(tests - mean, axis=2)
    right, error = [], []
    for gap, labelled in zip(gaps, seen, strict=True):
        if labelled.any():
            right.append(float((gap[labelled] <= within).mean()))
            error.append(float(gap[labelled].mean()))
    return averaged(right, SHARE), averaged(error)


def _shapes(dataset: Any) -> tuple[Numbers, NDArray[np.bool_]]:
    """Joints (N, K, 2) in longer sides of their box, from its middle, as a crop holds them.

    Also which are labelled (N, K).
    """
    from mmpose.registry import DATASETS

    built = DATASETS.build({**dataset, 'pipeline': []})
    infos = [built.get_data_info(index) for index in range(len(built))]
    boxes = np.stack([info['bbox'][0] for info in infos]).astype(np.float64)
    joints = np.stack([info['keypoints'][0] for info in infos]).astype(np.float64)
    sides = (boxes[:, 2:] - boxes[:, :2]).max(1)
    flags = np.stack([np.asarray(info['keypoints_visible'])[0] for info in infos])
    # MMPose packs a weight beside the flag where a data set has such.
    labelled = (flags[..., 0] if flags.ndim == 3 else flags) > 0
    middle = (boxes[:, None, 2:] + boxes[:, None, :2]) / 2
    return (joints - middle) / sides[:, None, None], labelled
