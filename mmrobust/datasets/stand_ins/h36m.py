"""Made-up bodies in the format of MMPose's Human3.6M files.

Shapes: K = 17 joints, T frames; metres in front of the camera, pixels in the picture.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 1000, 1002
CAMERA = {'c': np.array([[512.0], [515.0]]), 'f': np.array([[1145.0], [1144.0]])}
JOINTS, SAMPLES = 17, 2
SHORTEST = 9


def write_h36m(
    folder: Path, places: NDArray[np.float64], *, frames: int, videos: int = 2
) -> NDArray[np.float64]:
    """Write ``h36m.npz`` and ``cameras.pkl`` of bodies that sway 5 metres from the camera.

    Args:
        folder: Where the files go.
        places: (K, 3), a body round its root.
        frames: T of each video.
        videos: Their number.

    Returns:
        (videos * T, K, 2), the joints in the picture.
    """
    rng = np.random.default_rng(1)
    names, bodies, joints, count = [], [], [], len(places)
    for video in range(videos):
        way = 0.05 * rng.standard_normal((count, 3))
        for frame in range(frames):
            body = places + way * np.sin(frame / 2) + np.array([0.1 * video, 0.0, 5.0])
            names.append(f'S9_Walking_{video}.54138969_{frame:06d}.jpg')
            flat = body[:, :2] / body[:, 2:] * CAMERA['f'][:, 0] + CAMERA['c'][:, 0]
            bodies.append(np.concatenate([body, np.ones((count, 1))], axis=1))
            joints.append(np.concatenate([flat, np.ones((count, 1))], axis=1))
    np.savez(
        folder / 'h36m.npz',
        imgname=np.array(names),
        center=np.full((len(names), 2), 500.0),
        scale=np.full(len(names), 4.0),
        part=np.array(joints),
        S=np.array(bodies),
    )
    camera = CAMERA | {'w': WIDTH, 'h': HEIGHT, 'name': 'cam', 'id': '54138969'}
    (folder / 'cameras.pkl').write_bytes(pickle.dumps({('S9', '54138969'): camera}))
    found: NDArray[np.float64] = np.array(joints)[..., :2]
    return found


def write_sequences(dataset: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """As :func:`~mmrobust.datasets.stand_ins.coco.write_coco`; one video, two sequences of it."""
    places = 0.3 * np.random.default_rng(0).standard_normal((JOINTS, 3))
    longest = max(dataset.get('seq_len', 1), dataset.get('multiple_target', 0), SHORTEST)
    flat = write_h36m(folder, places, frames=longest + 1, videos=1)
    options: dict[str, Any] = {'ann_file': str(folder / 'h36m.npz'), 'data_prefix.img': str(folder)}
    if dataset.get('camera_param_file'):
        options['camera_param_file'] = str(folder / 'cameras.pkl')
    if dataset.get('factor_file'):
        options['factor_file'] = str(folder / 'factors.npy')
        np.save(options['factor_file'], np.full(len(flat), 4.0))
    if dataset.get('keypoint_2d_det_file'):
        options['keypoint_2d_det_file'] = str(folder / 'detected.npy')
        np.save(
            options['keypoint_2d_det_file'],
            np.pad(flat, ((0, 0), (0, 0), (0, 1)), constant_values=1),
        )
    return options
