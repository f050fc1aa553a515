"""Tracks and pipelines of skeletons for tests.

Shapes: M persons, T frames, V joints.
"""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
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


def written_victim(folder: Path, count: int) -> tuple[str, str, list[dict[str, Any]]]:
    """A config of half-precision tracks of 17 joints, random weights, and the tracks."""
    init_default_scope('mmaction')
    import mmaction.models  # noqa: F401
    from mmaction.registry import MODELS

    rng = np.random.default_rng(0)
    annotations = []
    for number in range(count):
        frames = 9 + number % 2
        places = 100 + rng.uniform(0, 300, (1 + number % 2, frames, 17, 2))
        places[0, 2] = 0
        annotations.append({
            'frame_dir': f'v{number}', 'label': number % 3, 'total_frames': frames,
            'img_shape': (480, 640), 'original_shape': (480, 640),
            'keypoint': places.astype(np.float16),
            'keypoint_score': rng.uniform(0.3, 1, places.shape[:3]).astype(np.float16),
        })  # fmt: skip
    split = {'train': ['v0'], 'val': [f'v{number}' for number in range(count)]}
    file = folder / 'tracks.pkl'
    file.write_bytes(pickle.dumps({'split': split, 'annotations': annotations}))
    model = {
        'type': 'RecognizerGCN',
        'backbone': {
            'type': 'STGCN', 'base_channels': 8, 'num_stages': 2, 'inflate_stages': [2],
            'down_stages': [2], 'graph_cfg': {'layout': 'coco', 'mode': 'spatial'},
        },
        'cls_head': {'type': 'GCNHead', 'num_classes': 3, 'in_channels': 16},
    }  # fmt: skip
    loader = {
        'batch_size': 2,
        'num_workers': 0,
        'sampler': {'type': 'DefaultSampler', 'shuffle': False},
        'dataset': {
            'type': 'PoseDataset', 'ann_file': str(file), 'split': 'val', 'test_mode': True,
            'pipeline': graph_pipeline(2, clip_len=8, num_clips=2),
        },
    }  # fmt: skip
    config = {
        'default_scope': 'mmaction', 'model': model, 'test_dataloader': loader, 'test_cfg': {},
        'test_evaluator': {'type': 'AccMetric'},
    }  # fmt: skip
    path, weights = folder / 'config.py', folder / 'weights.pth'
    Config(config).dump(path)
    torch.manual_seed(1)
    built = MODELS.build(model)
    torch.nn.init.normal_(built.cls_head.fc.weight, std=3.0)
    torch.save({'state_dict': built.state_dict()}, weights)
    return str(path), str(weights), annotations
