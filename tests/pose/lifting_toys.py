"""Small lifters of MMPose and made-up sequences in Human3.6M's format.

K = 17 joints, two videos of 9 frames, pictures of 1000 x 1002 pixels.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.registry import init_default_scope

from mmrobust.datasets.stand_ins.h36m import write_h36m as write_files

K, FRAMES = 17, 9
META = ('id', 'category_id', 'target_img_path', 'flip_indices', 'target_root')
_rng = np.random.default_rng(0)
MEAN = (500 + 20 * _rng.standard_normal((K, 2))).tolist()
STD = (80 + 40 * _rng.random((K, 2))).tolist()
PLACES = 0.3 * _rng.standard_normal((K, 3))

IMAGE = {
    'type': 'ImagePoseLifting',
    'num_keypoints': K,
    'root_index': 0,
    'remove_root': True,
    'keypoints_mean': MEAN,
    'keypoints_std': STD,
    'target_mean': PLACES[1:].tolist(),
    'target_std': (0.1 + 0.1 * _rng.random((K - 1, 3))).tolist(),
}
VIDEO = {'type': 'VideoPoseLifting', 'num_keypoints': K, 'root_index': 0}
BERT = {'type': 'MotionBERTLabel', 'num_keypoints': K, 'concat_vis': True, 'rootrel': True}
TCN = {'type': 'TCN', 'stem_channels': 16, 'dropout': 0.5}


def _tcn(codec: dict[str, Any], joints: int, kernels: tuple[int, ...]) -> dict[str, Any]:
    channels = K * (3 if codec.get('concat_vis') else 2)
    shape = {'in_channels': channels, 'num_blocks': len(kernels) - 1, 'kernel_sizes': kernels}
    head = {'type': 'TemporalRegressionHead', 'in_channels': 16, 'num_joints': joints}
    return {'type': 'PoseLifter', 'backbone': TCN | shape, 'head': head | {'decoder': codec}}


def _dstformer() -> dict[str, Any]:
    backbone = {
        'type': 'DSTFormer',
        'in_channels': 3,
        'feat_size': 16,
        'depth': 1,
        'num_heads': 2,
        'mlp_ratio': 2,
        'seq_len': FRAMES,
        'att_fuse': True,
    }
    head = {'type': 'MotionRegressionHead', 'in_channels': 16, 'embedding_size': 16}
    return {
        'type': 'PoseLifter',
        'backbone': backbone,
        'head': head | {'decoder': BERT},
        'test_cfg': {'flip_test': True},
    }


SEMI = _tcn(VIDEO, K, (3, 3)) | {
    'traj_backbone': TCN | {'in_channels': 2 * K, 'num_blocks': 1, 'kernel_sizes': (3, 3)},
    'traj_head': {
        'type': 'TrajectoryRegressionHead',
        'in_channels': 16,
        'num_joints': 1,
        'decoder': VIDEO,
    },
}
VISIBLE = VIDEO | {'concat_vis': True, 'remove_root': True}
# Name -> model, codec, options of the data set.
LIFTERS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    'image': (_tcn(IMAGE, K - 1, (1, 1)), IMAGE, {'seq_len': 1}),
    'video': (_tcn(VIDEO, K, (3, 3)), VIDEO, {'seq_len': 9, 'causal': False}),
    'video_visibility': (_tcn(VISIBLE, K - 1, (3, 3)), VISIBLE, {'seq_len': 9, 'causal': False}),
    'video_trajectory': (SEMI, VIDEO, {'seq_len': 9, 'causal': False}),
    'motionbert': (_dstformer(), BERT, {'seq_len': 1, 'multiple_target': FRAMES}),
}


def write_h36m(folder: Path) -> Path:
    """Two videos in the format of MMPose's Human3.6M files; returns the folder."""
    write_files(folder, PLACES, frames=FRAMES)
    return folder


def dataset_config(name: str, folder: Path) -> dict[str, Any]:
    """The test data set of a lifter."""
    _, codec, options = LIFTERS[name]
    keys = META if codec['type'] != 'MotionBERTLabel' else (*META[:4], 'factor', 'camera_param')
    return {
        'type': 'Human36mDataset',
        'ann_file': 'h36m.npz',
        'camera_param_file': 'cameras.pkl',
        'data_root': str(folder),
        'pipeline': [
            {'type': 'GenerateTarget', 'encoder': codec},
            {'type': 'PackPoseInputs', 'meta_keys': keys},
        ],
        'test_mode': True,
        **options,
    }


def build_lifter(name: str, seed: int = 0) -> Any:
    """The lifter with seeded random weights, in evaluation mode."""
    init_default_scope('mmpose')
    import mmpose.models  # noqa: F401
    from mmpose.registry import MODELS

    torch.manual_seed(seed)
    return MODELS.build(LIFTERS[name][0]).eval()


def build_dataset(name: str, folder: Path) -> Any:
    """The data set of :func:`dataset_config`."""
    import mmpose.datasets  # noqa: F401
    from mmpose.registry import DATASETS

    return DATASETS.build(dataset_config(name, folder))
