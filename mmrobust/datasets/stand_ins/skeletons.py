"""The joints of an embedded figure in the format of MMAction2's skeleton files.

Shapes: M = 1 person, T frames, V joints.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrobust.datasets.stand_ins.videos import VIDEO, VIDEOS, write_video
from mmrobust.datasets.synthetic import CLASSES, HEIGHT, KEYPOINTS, WIDTH, joint_tracks

PAIRS = ('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle')
COCO = ('head',) * 5 + tuple(f'{side}_{joint}' for joint in PAIRS for side in ('left', 'right'))
# From spine base, spine, neck and head to arms, legs, spine again and the tips of both hands.
NTU = (
    *('left_hip', 'neck', 'neck', 'head'),
    *(f'{side}_{j}' for side in ('left', 'right') for j in ('shoulder', 'elbow', 'wrist', 'wrist')),
    *(f'{side}_{j}' for side in ('left', 'right') for j in ('hip', 'knee', 'ankle', 'ankle')),
    *('neck', 'left_wrist', 'left_wrist', 'right_wrist', 'right_wrist'),
)
METRES = 1.7 / HEIGHT


def write_skeletons(dataset: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Write a file of one track, 2D of COCO's joints or 3D of Kinect's, and what belongs to it.

    Args:
        dataset: Its config, of a ``PoseDataset``.
        folder: Where the files go.

    Returns:
        The data set's options that lead there.
    """
    steps = {str(step['type']) for step in dataset['pipeline']}
    name = VIDEO.partition('.')[0]
    found: dict[str, Any] = {'frame_dir': name, 'label': 0, 'total_frames': len(_flat(COCO))}
    options = {'ann_file': str(folder / 'tracks.pkl')}
    if 'PreNormalize3D' in steps:
        found['keypoint'] = _deep()[None]
    else:
        joints = _flat(COCO)[None]
        found |= {
            'keypoint': joints,
            'keypoint_score': np.ones(joints.shape[:3], np.float32),
            'img_shape': (HEIGHT, WIDTH),
            'original_shape': (HEIGHT, WIDTH),
        }
    prefix = dataset.get('data_prefix') or {}
    if 'skeleton' in prefix:
        found = _apart(found, folder)
        options['data_prefix.skeleton'] = str(folder)
    if 'video' in prefix:
        write_video({}, folder)
        found['filename'] = VIDEO
        options['data_prefix.video'] = str(folder)
    key = found.get('filename', name)
    content = {'split': {dataset.get('split') or 'val': [key]}, 'annotations': [found]}
    Path(options['ann_file']).write_bytes(pickle.dumps(content))
    return options


def _apart(found: dict[str, Any], folder: Path) -> dict[str, Any]:
    """As Kinetics' files are: persons in rows, frame by frame, in a file of their own."""
    joints, count = found.pop('keypoint')[0], found['total_frames']
    scores = found.pop('keypoint_score')[0]
    rows = np.concatenate([joints, scores[..., None]], axis=-1)
    apart = {'keypoint': rows.astype(np.float16), 'frame_inds': np.arange(count, dtype=np.int16)}
    (folder / f'{found["frame_dir"]}.pkl').write_bytes(pickle.dumps(apart))
    return found | {'box_score': np.ones(count, np.float16), 'valid': {0.5: count}}


def _flat(names: tuple[str, ...]) -> NDArray[np.float32]:
    """(T, V, 2), pixels: joints of these names, in three videos of one class."""
    order = [KEYPOINTS.index(name) for name in names]
    tracks = [joint_tracks(place * len(CLASSES), split='test') for place in range(VIDEOS)]
    return np.concatenate(tracks)[:, order].astype(np.float32)


def _deep() -> NDArray[np.float32]:
    """(T, V, 3), metres from the camera: upright, a little curved, two and a half away."""
    flat = _flat(NTU)
    places = (flat - [WIDTH / 2, HEIGHT / 2]) * [METRES, -METRES]
    # No two joints in one place: directions between them are asked for.
    curve = 2.5 + 0.02 * np.arange(len(NTU))
    depth = np.broadcast_to(curve, places.shape[:2])[..., None]
    return np.concatenate([places, depth], axis=-1).astype(np.float32)
