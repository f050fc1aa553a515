"""The embedded figures as a top-down data set for MMPose's pipelines.

Shapes: K keypoints, H, W pixels. Image axes: x to the right, y down, the
centre of the top left pixel at (0, 0).
"""

import copy
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrobust.datasets.pose_dataset import PoseDataset
from mmrobust.datasets.synthetic import CLASSES, FRAMES, KEYPOINTS, Scene, render
from mmrobust.datasets.synthetic.script import check_set
from mmrobust.datasets.synthetic.visibility import figure_boxes, visible_keypoints
from mmrobust.functional.checks import require
from mmrobust.registry import DATASETS

# OKS falloffs, those that CrowdPose has for the same joints (Li et al. 2019, arXiv:1812.00324).
SIGMAS = {
    'head': 0.079,
    'neck': 0.079,
    'shoulder': 0.079,
    'elbow': 0.072,
    'wrist': 0.062,
    'hip': 0.107,
    'knee': 0.087,
    'ankle': 0.089,
}
COLOURS = {'left': (0, 255, 0), 'right': (255, 128, 0), '': (51, 153, 255)}
BONES = (('head', 'neck'),) + tuple(
    (start if start == 'neck' else f'{side}_{start}', f'{side}_{end}')
    for side in ('left', 'right')
    for start, end in (
        ('neck', 'shoulder'),
        ('shoulder', 'elbow'),
        ('elbow', 'wrist'),
        ('neck', 'hip'),
        ('hip', 'knee'),
        ('knee', 'ankle'),
    )
)
_SWAP = {'left': 'right', 'right': 'left'}


def _keypoint(index: int, name: str) -> dict[str, Any]:
    side, _, joint = name.rpartition('_')
    lower = joint in ('hip', 'knee', 'ankle')
    return dict(
        name=name,
        id=index,
        color=COLOURS[side],
        type='lower' if lower else 'upper',
        swap=f'{_SWAP[side]}_{joint}' if side else '',
    )


@DATASETS.register_module()
class SyntheticPoseDataset(PoseDataset):
    """Frames of the rendered videos, each with its figure's joints and box; nothing on disk.

    Reads like MMPose's COCO-style sets in top-down mode: stock pipelines start
    with ``LoadImage``, which takes the image from the sample, and stock
    evaluators (``CocoMetric`` without an annotation file included) find what
    they ask for. Joints are where the renderer put them. As in COCO, a joint
    inside the image that the body itself hides is labelled (flag 1) and one
    outside the image is not (flag 0); the box surrounds the figure's pixels
    and the area is their number. Videos are rendered when the set is first
    built in a process, 0.2 CPU seconds each; what is kept is 37 kB a frame.

    Args:
        num_videos: Videos to take frames from; classes are balanced when it is
            a multiple of their number.
        pipeline: Transforms, or their configs.
        split: 'train', 'val' or 'test'; they share no video.
        seed: Seed of the set; another seed gives other videos.
        classes: Movements, among ``mmrobust.datasets.synthetic.CLASSES``.
        frames_per_video: Frames of each video, evenly spread, 1 to 32; all 32 are a video, of
            which movement can be measured.
        test_mode: As in mmengine: True for validation and test.

    Raises:
        ValueError: An argument outside its range.

    Example:
        >>> dataset = SyntheticPoseDataset(num_videos=1, pipeline=[], frames_per_video=2)
        >>> dataset[1]['img_path'], dataset[1]['img'].shape, dataset[1]['keypoints'].shape
        ('synthetic/train/00000_24', (96, 128, 3), (1, 14, 2))
    """

    METAINFO: dict[str, Any] = dict(
        dataset_name='mmrobust_synthetic',
        keypoint_info={i: _keypoint(i, name) for i, name in enumerate(KEYPOINTS)},
        skeleton_info={
            i: dict(link=bone, id=i, color=COLOURS[bone[1].rpartition('_')[0]])
            for i, bone in enumerate(BONES)
        },
        joint_weights=[1.0] * len(KEYPOINTS),
        sigmas=[SIGMAS[name.rpartition('_')[2]] for name in KEYPOINTS],
    )

    def __init__(
        self,
        num_videos: int,
        pipeline: Sequence[dict[str, Any] | Callable[..., Any]],
        *,
        split: str = 'train',
        seed: int = 0,
        classes: Sequence[str] = CLASSES,
        frames_per_video: int = 4,
        test_mode: bool = False,
    ) -> None:
        check_set(num_videos, split, seed, classes)
        inside = 1 <= frames_per_video <= FRAMES
        require(inside, 'frames_per_video', f'1 to {FRAMES}', frames_per_video)
        self.num_videos, self.split, self.seed = num_videos, split, seed
        self.classes, self.frames_per_video = tuple(classes), frames_per_video
        self._images: list[NDArray[np.uint8]] = []
        super().__init__(pipeline=pipeline, test_mode=test_mode)

    def load_data_list(self) -> list[dict[str, Any]]:
        """Render the videos; what MMPose wants to know of every sample."""
        given = self.num_videos, self.split, self.seed, self.classes, self.frames_per_video
        self._images, found = _rendered(*given)
        return copy.deepcopy(found)

    def get_data_info(self, idx: int) -> dict[str, Any]:
        """Annotation of a sample with its image, uint8 (H, W, 3), BGR, a copy."""
        info: dict[str, Any] = super().get_data_info(idx)
        info['img'] = self._images[info['id']][..., ::-1].copy()
        return info


@lru_cache(maxsize=4)
def _rendered(
    videos: int, split: str, seed: int, classes: tuple[str, ...], count: int
) -> tuple[list[NDArray[np.uint8]], list[dict[str, Any]]]:
    """Images and annotations of a set; whoever runs many attacks in a process waits once."""
    # The middles of equal sections.
    moments = [(2 * i + 1) * FRAMES // (2 * count) for i in range(count)]
    images: list[NDArray[np.uint8]] = []
    found: list[dict[str, Any]] = []
    for index in range(videos):
        scene = render(index, seed=seed, split=split, classes=classes)
        images += [scene.frames[moment].copy() for moment in moments]
        name = f'synthetic/{split}/{index:05d}'
        video = name if count == FRAMES else None
        found += [
            _sample(f'{name}_{moment:02d}', len(found) + place, scene, moment, video)
            for place, moment in enumerate(moments)
        ]
    return images, found


def _sample(name: str, number: int, scene: Scene, moment: int, video: str | None) -> dict[str, Any]:
    """One frame as MMPose's COCO-style data sets describe an instance.

    Args:
        name: Of the frame.
        number: Of the sample.
        scene: The video.
        moment: Number of the frame.
        video: Name of the video, if all of its frames are samples.
    """
    owner, joints = scene.parts[moment], scene.keypoints[moment]
    height, width = owner.shape
    place = np.rint(joints)
    inside = ((place >= 0) & (place < [width, height])).all(1)
    seen = visible_keypoints(joints[None], owner[None])[0]
    flag = inside.astype(np.float32) + seen
    left, top, right, bottom = map(float, figure_boxes(owner[None])[0])
    raw = dict(
        id=number,
        image_id=number,
        category_id=1,
        iscrowd=0,
        bbox=[left, top, right - left, bottom - top],
        area=float(np.count_nonzero(owner)),
        keypoints=np.concatenate([joints, flag[:, None]], 1).ravel().tolist(),
        num_keypoints=int(inside.sum()),
    )
    return dict(
        id=number,
        img_id=number,
        img_path=name,
        bbox=np.array([[left, top, right, bottom]], np.float32),
        bbox_score=np.ones(1, np.float32),
        keypoints=joints[None],
        keypoints_visible=inside[None].astype(np.float32),
        num_keypoints=raw['num_keypoints'],
        area=np.array(raw['area'], np.float32),
        iscrowd=0,
        segmentation=None,
        category_id=np.array(1),
        raw_ann_info=raw,
        **({} if video is None else {'video': video, 'frame': moment}),
    )
