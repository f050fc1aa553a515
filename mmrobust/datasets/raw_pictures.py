"""Pictures, and frames of videos, as they lie in folders, for MMPose's pipelines.

Shapes: K joints, H, W pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from mmrobust.datasets.boxes import Boxes, read_boxes
from mmrobust.datasets.files import PICTURES, VIDEOS, find_files
from mmrobust.datasets.frames import FrameReader, count_frames
from mmrobust.datasets.pose_dataset import PoseDataset
from mmrobust.functional.checks import require
from mmrobust.functional.naming import NAME_KEY
from mmrobust.registry import DATASETS

Info = dict[str, Any]
Mode = Literal['topdown', 'bottomup']


@DATASETS.register_module()
class RawPictures(PoseDataset):
    """Pictures that nobody annotated, and videos, frame by frame.

    Pictures are read by the pipeline's own ``LoadImage``; a frame is decoded once, in order,
    and named ``video.mp4#12``, from 0. In top-down mode a sample is a person, whose joints
    stand for none, as of boxes of a detector in MMPose's own data sets.

    Args:
        inputs: Files, folders or patterns (:func:`~mmrobust.datasets.files.find_files`).
        pipeline: Transforms, or their configs, ``LoadImage`` first.
        metainfo: Joints and skeleton, as MMPose's data sets take it.
        boxes: JSON file with the persons' boxes
            (:func:`~mmrobust.datasets.boxes.read_boxes`); pictures without a box are left
            out. None: one person in each picture, whose box is the whole of it.
        data_mode: ``topdown``, or ``bottomup`` for estimators that take no boxes.
        test_mode: As in mmengine.
        as_given: Keep the order of ``inputs`` (:func:`~mmrobust.datasets.files.find_files`).

    Raises:
        ValueError: An input leads nowhere or to no picture, a box breaks a rule, or an
            argument is outside its range.
        FileNotFoundError: ``boxes`` does not exist.

    Attributes:
        source: What the run's report says of the files.
    """

    def __init__(
        self,
        inputs: Sequence[str] | str,
        pipeline: Sequence[dict[str, Any] | Callable[..., Any]],
        *,
        metainfo: dict[str, Any],
        boxes: str | None = None,
        data_mode: Mode = 'topdown',
        test_mode: bool = True,
        as_given: bool = False,
    ) -> None:
        require(data_mode in ('topdown', 'bottomup'), 'data_mode', 'topdown or bottomup', data_mode)
        topdown = data_mode == 'topdown'
        require(topdown or boxes is None, 'boxes', 'None for a bottom-up estimator', boxes)
        self._boxes, self._topdown = boxes, topdown
        self._files = find_files(inputs, PICTURES | VIDEOS, 'picture or video', as_given=as_given)
        self.source = self._files.about()
        super().__init__(
            pipeline=pipeline,
            metainfo=metainfo,
            # Saved pictures keep their names below it.
            data_prefix={'img': self._files.folder},
            test_mode=test_mode,
        )
        transforms = self.pipeline.transforms
        first = type(transforms[0]).__name__ if transforms else 'nothing'
        require('Load' in first, 'pipeline', 'one that begins with LoadImage', first)
        transforms[0] = Opening(transforms[0], topdown)

    def load_data_list(self) -> list[Info]:
        """What MMPose's pipelines want to know of every sample."""
        pictures = self._pictures()
        if not self._topdown:
            return pictures
        person = nobody(self.metainfo['num_keypoints'])
        if self._boxes is None:
            self.source['boxes'] = 'the whole picture'
            return [{**picture, **person} for picture in pictures]
        found = read_boxes(self._boxes, [picture[NAME_KEY] for picture in pictures])
        self.source |= _about(self._boxes, found)
        return [
            {**picture, **person, 'id': number, 'bbox': row[None, :4], 'bbox_score': row[4:]}
            for picture in pictures
            for number, row in enumerate(found.rows.get(picture[NAME_KEY], ()))
        ]

    def _pictures(self) -> list[Info]:
        """Every picture and every frame."""
        found: list[Info] = []
        cut: dict[str, list[int]] = {}
        for name in self._files.names:
            path, stamp = self._files.path(name), self._files.stamp(name)
            if name.lower().endswith(tuple(PICTURES)):
                found.append({'img_path': path, NAME_KEY: name, 'stamp': stamp})
                continue
            count, announced = count_frames(path)
            if count < announced:
                cut[name] = [count, announced]
            # A video without a frame is one sample that fails, not none.
            found += [
                {
                    # What a saved frame is called.
                    'img_path': f'{path}#{frame}.png',
                    NAME_KEY: f'{name}#{frame}',
                    'video': path,
                    'frame': frame,
                    'stamp': stamp,
                }
                for frame in range(max(count, 1))
            ]
        self.source |= {'pictures': len(found), 'cut_videos': cut}
        return [{**info, 'img_id': number} for number, info in enumerate(found)]


def nobody(joints: int) -> Info:
    """A person whose joints stand for none, as of a detector's boxes in MMPose's data sets."""
    return {
        'bbox_score': np.ones(1, np.float32),
        'keypoints': np.zeros((1, joints, 2), np.float32),
        'keypoints_visible': np.ones((1, joints), np.float32),
    }


class Opening:
    """``LoadImage``, for frames of videos too; gives pictures without a box one.

    Args:
        load: The pipeline's own transform.
        boxes: Whether samples have boxes.
    """

    def __init__(self, load: Callable[[Info], Info], boxes: bool) -> None:
        self.load, self.boxes, self.reader = load, boxes, FrameReader()
        # For messages: it stands in the place of the config's own.
        self.shown_as = type(load).__name__

    def __call__(self, results: Info) -> Info:
        """Read the picture.

        Raises:
            ValueError: The box lies outside of it, or the frame cannot be decoded.
        """
        if 'frame' in results:
            results['img'] = self.reader.read(results['video'], results['frame'])
        results = self.load(results)
        height, width = results['img'].shape[:2]
        whole = np.array([[0, 0, width, height]], np.float32)
        if self.boxes:
            left, top, right, bottom = results.setdefault('bbox', whole)[0]
            inside = left < width and top < height and right > 0 and bottom > 0
            box = [float(v) for v in (left, top, right, bottom)]
            require(bool(inside), 'box', f'inside the picture of {width} x {height} pixels', box)
        return results


def _about(path: str, found: Boxes) -> dict[str, Any]:
    """What the report says of a file of boxes."""
    return {
        'boxes': path,
        'without_box': list(found.without),
        'unused_boxes': list(found.unused),
        'boxes_of_other_categories': found.other_categories,
    }
