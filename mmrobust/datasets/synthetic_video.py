"""The embedded videos as a data set for MMAction2's pipelines.

Shapes: T frames, H, W pixels.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset
from numpy.typing import NDArray

from mmrobust.datasets.synthetic import CLASSES, FRAMES, render
from mmrobust.datasets.synthetic.script import Script, check_set, write_script
from mmrobust.datasets.synthetic.stage import SyntheticStage
from mmrobust.datasets.synthetic.visibility import figure_boxes
from mmrobust.functional.checks import require
from mmrobust.registry import DATASETS


@DATASETS.register_module()
class SyntheticVideoDataset(BaseDataset):
    """Rendered videos whose class lies in the movement; nothing on disk.

    Follow it by ``SampleFrames`` and ``mmrobust.SyntheticDecode``. Videos are
    rendered when first asked for and kept in memory (1.2 MB each) by the
    process that asked.

    Args:
        num_videos: Size of the set. Classes are balanced when it is a multiple
            of their number: the label of video i is ``i % len(classes)``.
        pipeline: Transforms, or their configs.
        split: 'train', 'val' or 'test'; they share no video.
        seed: Seed of the set; another seed gives other videos.
        classes: Names among ``mmrobust.datasets.synthetic.CLASSES``, in the
            order of their labels; all by default.
        window: Cut each video into runs of so many frames, one after the other,
            each a sample of its own (the frames left at the end are dropped);
            None keeps videos whole.
        tied_scenery: Probability with which the kind of scenery (room, land, street) is that
            of the label, for planting a shortcut: label 0 has rooms, 1 land, 2 streets, 3 rooms
            again. None: scenery says nothing of the class.
        test_mode: As in mmengine: True for validation and test.

    Example:
        >>> dataset = SyntheticVideoDataset(num_videos=2, pipeline=[], split='test')
        >>> dataset[1]['filename'], dataset[1]['label'], dataset[1]['frames'].shape
        ('synthetic/test/00001', 1, (32, 96, 128, 3))
    """

    def __init__(
        self,
        num_videos: int,
        pipeline: Sequence[dict[str, Any] | Callable[..., Any]],
        *,
        split: str = 'train',
        seed: int = 0,
        classes: Sequence[str] = CLASSES,
        window: int | None = None,
        tied_scenery: float | None = None,
        test_mode: bool = False,
    ) -> None:
        check_set(num_videos, split, seed, classes)
        if window is not None and not 1 <= window <= FRAMES:
            raise ValueError(f'window must be None or 1 to {FRAMES} frames, got {window}')
        known = tied_scenery is None or 0 <= tied_scenery <= 1
        require(known, 'tied_scenery', 'None or a probability in [0, 1]', tied_scenery)
        self.tied_scenery = tied_scenery
        self.num_videos, self.split, self.seed, self.window = num_videos, split, seed, window
        self.classes = tuple(classes)
        self._frames: dict[int, tuple[NDArray[np.uint8], NDArray[np.float32]]] = {}
        super().__init__(
            pipeline=pipeline, test_mode=test_mode, metainfo=dict(classes=self.classes)
        )

    def load_data_list(self) -> list[dict[str, Any]]:
        """What stock ``SampleFrames`` and ``PackActionInputs`` want to know of each sample."""
        length = self.window or FRAMES
        starts = range(0, FRAMES - length + 1, length)
        return [
            dict(
                filename=self._name(index, start),
                video=index,
                label=index % len(self.classes),
                total_frames=length,
                start_index=start,
                modality='RGB',
            )
            for index in range(self.num_videos)
            for start in starts
        ]

    def _name(self, index: int, start: int) -> str:
        name = f'synthetic/{self.split}/{index:05d}'
        return name if self.window is None else f'{name}_{start:02d}'

    def get_data_info(self, idx: int) -> dict[str, Any]:
        """Annotation of a sample with its video's read-only ``frames``, uint8 (T, H, W, 3), RGB.

        And ``boxes``, (T, 1, 4): left, top, right, bottom of the figure's pixels.
        """
        info: dict[str, Any] = super().get_data_info(idx)
        info['frames'] = self.frames(info['video'])
        first, length = info['start_index'], info['total_frames']
        info['boxes'] = self._shown(info['video'])[1][first : first + length]
        return info

    def frames(self, index: int) -> NDArray[np.uint8]:
        """The frames of video ``index``, rendered once per process."""
        return self._shown(index)[0]

    def _shown(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        if index not in self._frames:
            self._frames[index] = _rendered(index, *self._drawn_by)
        return self._frames[index]

    @property
    def _drawn_by(self) -> tuple[int, str, tuple[str, ...], float | None]:
        return self.seed, self.split, self.classes, self.tied_scenery

    def stage(self, idx: int) -> SyntheticStage:
        """Sample ``idx``, to be filmed again.

        Raises:
            ValueError: Videos are cut into windows.
        """
        require(self.window is None, 'window', 'None where videos are filmed again', self.window)
        labels = [index % len(self.classes) for index in range(self.num_videos)]
        video = super().get_data_info(idx)['video']
        return SyntheticStage(video, lambda index: _written(index, *self._drawn_by), labels)


@lru_cache(maxsize=128)
def _rendered(
    index: int, seed: int, split: str, classes: tuple[str, ...], tied: float | None
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Whoever runs several attacks in a process waits once for the first videos of a set."""
    scene = render(index, seed=seed, split=split, classes=classes, tied=tied)
    boxes = figure_boxes(scene.parts)[:, None]
    for array in (scene.frames, boxes):
        array.setflags(write=False)
    return scene.frames, boxes


@lru_cache(maxsize=16)
def _written(
    index: int, seed: int, split: str, classes: tuple[str, ...], tied: float | None
) -> Script:
    """One scenery serves several kinds of cues."""
    return write_script(index, seed=seed, split=split, classes=classes, tied=tied)
