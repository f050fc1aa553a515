"""Where a target pose comes from: a name, a file of places, another sample, a Human3.6M frame."""

import json
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from mmrobust.functional.checks import finite, require, suggestion
from mmrobust.pose_targets.protocols import PROTOCOLS
from mmrobust.pose_targets.template import PoseTemplate

# The order of MMPose's Human3.6M files.
HUMAN36M = (
    'root',
    'right_hip',
    'right_knee',
    'right_foot',
    'left_hip',
    'left_knee',
    'left_foot',
    'spine',
    'thorax',
    'neck_base',
    'head',
    'left_shoulder',
    'left_elbow',
    'left_wrist',
    'right_shoulder',
    'right_elbow',
    'right_wrist',
)


class SamplePose:
    """The annotated pose of another sample of the data set that is attacked.

    Args:
        index: Of the sample.
    """

    def __init__(self, index: int) -> None:
        self.index = index

    def found(self, dataset: Any) -> PoseTemplate:
        """The pose, in the order of the data set; joints without a label have no place.

        Args:
            dataset: An MMPose data set of single persons.

        Raises:
            ValueError: It has no such sample, or no joint of it is labelled.
        """
        rule = f'a sample of the data set, 0 to {len(dataset) - 1}'
        require(self.index < len(dataset), 'target', rule, self.index)
        info = dataset.get_data_info(self.index)
        known = np.asarray(info['keypoints_visible'])[0]
        # MMPose packs a weight beside the flag where a data set has such.
        known = (known[:, 0] if known.ndim == 2 else known) > 0
        some = bool(known.any())
        require(some, 'target', 'a sample with a labelled joint', f'sample:{self.index}')
        return PoseTemplate(np.asarray(info['keypoints'], np.float64)[0], known)


def load_target(source: str) -> PoseTemplate | SamplePose:
    """The pose that ``source`` names.

    Args:
        source: One of ``PROTOCOLS``; or a JSON file that holds an object, joint
            name to ``[x, y]`` or null, or a list of these in the data set's order;
            or ``sample:INDEX``, the annotation of another sample; or
            ``FILE.npz:FRAME``, the frame of a Human3.6M file in MMPose's
            format whose image name holds FRAME (its places in the image, ``part``).

    Raises:
        ValueError: An unknown name, or a file that holds no such pose.
        FileNotFoundError: No such file.
    """
    if source in PROTOCOLS:
        return PROTOCOLS[source]()
    kind, _, number = source.partition(':')
    if kind == 'sample' and number.isdecimal():
        return SamplePose(int(number))
    if source.endswith('.json'):
        return _from_json(Path(source))
    path, _, frame = source.rpartition(':')
    if path.endswith('.npz') and frame:
        return _from_human36m(Path(path), frame)
    raise ValueError(
        'a target pose is a protocol, sample:INDEX, FILE.json or FILE.npz:FRAME, '
        f'got {source!r}: '
        f'{suggestion(source, PROTOCOLS)}'
    )


def _from_json(path: Path) -> PoseTemplate:
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
    except (ValueError, RecursionError) as error:
        raise ValueError(f'{path} must be JSON in UTF-8: {error}') from error
    names = tuple(content) if isinstance(content, dict) else None
    cells = list(content.values()) if isinstance(content, dict) else content
    rule = 'a list or an object of [x, y] or null for each joint'
    require(isinstance(cells, list) and len(cells) > 0, str(path), rule, content)
    for place, cell in enumerate(cells):
        joint = f'joint {place if names is None else repr(names[place])}'
        require(_is_place(cell), f'{path}: {joint}', '[x, y] or null', cell)
    places = np.array([[0.0, 0.0] if cell is None else cell for cell in cells], np.float64)
    return PoseTemplate(places, np.array([cell is not None for cell in cells]), names, strict=True)


def _is_place(cell: Any) -> bool:
    pair = isinstance(cell, list) and len(cell) == 2
    return cell is None or (pair and all(map(finite, cell)))


def _from_human36m(path: Path, frame: str) -> PoseTemplate:
    try:
        opened = np.load(path)
    except (EOFError, ValueError, BadZipFile) as error:
        raise ValueError(f'{path} must be an .npz file of arrays: {error}') from error
    with opened as content:
        if not {'imgname', 'part'} <= set(content):
            raise ValueError(f'{path} must hold imgname and part, got {sorted(content)}')
        images, parts = content['imgname'], content['part']
    found = [i for i, image in enumerate(images) if frame in str(image)]
    if len(found) != 1:
        raise ValueError(f'one frame of {path} must be named by {frame!r}, got {len(found)}')
    joints = parts[found[0]]
    if len(joints) != len(HUMAN36M):
        raise ValueError(f'{path} must hold {len(HUMAN36M)} joints a frame, got {len(joints)}')
    places = np.asarray(joints[:, :2], np.float64)
    return PoseTemplate(places, np.isfinite(places).all(1), HUMAN36M)
