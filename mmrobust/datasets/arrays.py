"""Videos and pictures that are arrays already, for the pipelines of a config.

Shapes: T frames, H, W pixels; values 0..255, uint8.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset
from numpy.typing import NDArray

from mmrobust.datasets.pose_dataset import PoseDataset
from mmrobust.datasets.raw_pictures import Opening, nobody
from mmrobust.datasets.reading import kind_of, reading_files
from mmrobust.functional.checks import require
from mmrobust.functional.naming import NAME_KEY

Array = NDArray[np.uint8]
Pipeline = Sequence[dict[str, Any] | Callable[..., Any]]


class ArrayVideos(BaseDataset):
    """Videos that nobody annotated.

    Args:
        arrays: Frames (T, H, W, 3) of each video, RGB.
        pipeline: Of MMAction2's ``VideoDataset``; frames are taken where it decodes.
        metainfo: ``classes``: names of the classes.

    Raises:
        ValueError: An array is no video, or the pipeline takes none.
    """

    def __init__(
        self, arrays: Sequence[Array], pipeline: Pipeline, metainfo: dict[str, Any] | None = None
    ) -> None:
        self._arrays = [_checked(array, 4, 'frames (T, H, W, 3)') for array in arrays]
        super().__init__(
            pipeline=_taking_arrays(pipeline),
            metainfo=metainfo,
            test_mode=True,
            serialize_data=False,
        )

    def load_data_list(self) -> list[dict[str, Any]]:
        """What ``ArrayDecode`` and ``PackActionInputs`` want to know of each video."""
        return [
            {
                'array': array,
                'total_frames': len(array),
                NAME_KEY: f'video {number}',
                'label': -1,
                'start_index': 0,
                'modality': 'RGB',
            }
            for number, array in enumerate(self._arrays)
        ]


class ArrayPictures(PoseDataset):
    """Pictures that nobody annotated; in top-down mode one person in each, its box the whole.

    Args:
        arrays: Pictures (H, W, 3), BGR as ``LoadImage`` gives them.
        pipeline: Of MMPose's data sets, ``LoadImage`` first.
        metainfo: Joints and skeleton, as MMPose's data sets take it.
        topdown: Whether samples are persons.

    Raises:
        ValueError: An array is no picture.
    """

    def __init__(
        self, arrays: Sequence[Array], pipeline: Pipeline, metainfo: dict[str, Any], topdown: bool
    ) -> None:
        self._arrays = [_checked(array, 3, 'a picture (H, W, 3)') for array in arrays]
        self._topdown = topdown
        super().__init__(
            pipeline=list(pipeline), metainfo=metainfo, test_mode=True, serialize_data=False
        )
        transforms = self.pipeline.transforms
        transforms[0] = Opening(transforms[0], topdown)

    def load_data_list(self) -> list[dict[str, Any]]:
        """What MMPose's pipelines want to know of each picture."""
        person = nobody(self.metainfo['num_keypoints']) if self._topdown else {}
        return [
            {'img': array, 'img_path': name, NAME_KEY: name, 'img_id': number, **person}
            for number, array in enumerate(self._arrays)
            for name in [f'picture {number}']
        ]


def _checked(array: Any, axes: int, rule: str) -> Array:
    found = np.asarray(array)
    sound = found.ndim == axes and found.shape[-1] == 3 and found.size and found.dtype == np.uint8
    require(bool(sound), 'inputs', f'{rule}, uint8, for this model', (found.dtype, found.shape))
    return found


def _taking_arrays(pipeline: Pipeline) -> list[Any]:
    """The pipeline, which takes frames where it would decode them."""
    steps = [step for step in reading_files(pipeline) if not kind_of(step).endswith('Init')]
    last = max(place for place, step in enumerate(steps) if 'Decode' in kind_of(step))
    return [*steps[:last], {'type': 'ArrayDecode'}, *steps[last + 1 :]]
