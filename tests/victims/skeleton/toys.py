"""Tracks and pipelines of skeletons for tests.

Shapes: M persons, T frames, V joints.
"""

from typing import Any

import numpy as np
from mmengine.registry import init_default_scope

from mmrobust.victims.samples import LAYOUT_KEY, Failure
from mmrobust.victims.skeleton.loading import Measure, TrackPipeline
from mmrobust.victims.skeleton.path import TrackPath

FEATURES = ('j', 'b', 'jm', 'bm')


def graph_pipeline(
    dimensions: int,
    feats: Any = ('j',),
    *,
    clip_len: int = 12,
    num_clips: int = 3,
    persons: int = 2,
) -> list[dict[str, Any]]:
    """That of a stock GCN config, with shorter clips."""
    flat = dimensions == 2
    sample = {'clip_len': clip_len, 'num_clips': num_clips, 'test_mode': True}
    return [
        {'type': f'PreNormalize{dimensions}D'},
        {'type': 'GenSkeFeat', 'dataset': 'coco' if flat else 'nturgb+d', 'feats': list(feats)},
        {'type': 'UniformSampleFrames', **sample},
        {'type': 'PoseDecode'},
        {'type': 'FormatGCNInput', 'num_person': persons},
        {'type': 'PackActionInputs'},
    ]


LEFT, RIGHT = (1, 3, 5, 7, 9, 11, 13, 15), (2, 4, 6, 8, 10, 12, 14, 16)


def heatmap_pipeline(
    *,
    limbs: bool = False,
    double: bool = True,
    clip_len: int = 4,
    num_clips: int = 3,
    size: int = 32,
) -> list[dict[str, Any]]:
    """That of a stock PoseC3D config, with shorter clips of smaller maps."""
    target = {'sigma': 0.6, 'with_kp': not limbs, 'with_limb': limbs, 'double': double}
    sample = {'clip_len': clip_len, 'num_clips': num_clips, 'test_mode': True}
    return [
        {'type': 'UniformSampleFrames', **sample},
        {'type': 'PoseDecode'},
        {'type': 'PoseCompact', 'hw_ratio': 1.0, 'allow_imgpad': True},
        {'type': 'Resize', 'scale': (-1, size)},
        {'type': 'CenterCrop', 'crop_size': size - 4},
        {'type': 'GeneratePoseTarget', **target, 'left_kp': LEFT, 'right_kp': RIGHT},
        {'type': 'FormatShape', 'input_format': 'NCTHW_Heatmap'},
        {'type': 'PackActionInputs'},
    ]


def transforms(configs: Any) -> list[Any]:
    init_default_scope('mmaction')
    import mmaction.datasets  # noqa: F401
    from mmaction.registry import TRANSFORMS

    return [TRANSFORMS.build(dict(config)) for config in configs]


def sample(
    dimensions: int,
    *,
    persons: int = 1,
    frames: int = 20,
    dtype: Any = np.float32,
    seed: int = 0,
    joints: int | None = None,
) -> dict[str, Any]:
    """A track with a joint that was not found and (of more than four frames) an empty frame."""
    rng = np.random.default_rng(seed)
    count = joints or (17 if dimensions == 2 else 25)
    shape = (persons, frames, count, dimensions)
    places = rng.uniform(1, 1000, shape) if dimensions == 2 else rng.normal(0, 1, shape)
    places[0, frames // 2, 3] = 0
    if frames > 4:
        places[0, 3] = 0
    info = {'keypoint': places.astype(dtype), 'total_frames': frames, 'label': 1, 'frame_dir': 'x'}
    if dimensions == 3:
        return info
    score = rng.uniform(0.1, 1, shape[:3]).astype(dtype)
    return info | {'keypoint_score': score, 'img_shape': (1080, 1920)}


def pipeline(configs: Any, space: str = 'track', unit: Any = 'torso') -> TrackPipeline:
    return TrackPipeline(TrackPath(transforms(configs)), space, Measure(unit))


def loaded(configs: Any, info: dict[str, Any], space: str = 'track', unit: Any = 'torso') -> Any:
    """Packed results and layout of a sample."""
    unit = 'native' if space == 'view' else unit
    found = pipeline(configs, space, unit)({k: _copied(v) for k, v in info.items()})
    assert not isinstance(found, Failure), found.error
    return found, found[LAYOUT_KEY]


def refusal(configs: Any, info: dict[str, Any]) -> str:
    """Why a sample is none."""
    found = pipeline(configs)({k: _copied(v) for k, v in info.items()})
    assert isinstance(found, Failure)
    return found.error


def _copied(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value
