"""A test pipeline that is run once up to the frames, and from there for each of their versions.

A *cell* is one kind of corruption at one severity; the clean frames are one, too.
Shapes: T frames, H, W pixels, L images in the pipeline's list.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions import Clip
from mmrobust.datasets.clips import Results, Rows, clip_of, sample_key, with_frames
from mmrobust.functional.checks import require
from mmrobust.victims.pipeline import FollowedPipeline

# Below it some kinds have no room for a block or a blur, and one sample would be a hole for all.
SMALLEST = 10


@dataclass(frozen=True)
class Prepared:
    """A sample whose frames are decoded.

    Attributes:
        state: The pipeline's results, without frames.
        canvas: The distinct frames that the pipeline has sampled, of the size that it resizes
            them to; or the picture.
        rows: (L,), the frame of each image in the pipeline's list.
        whole: All frames of the file as they are decoded; None where nobody asks for them.
        info: What the data set says of the sample.
        key: What its random numbers depend on.
    """

    state: Results
    canvas: Clip
    rows: Rows
    whole: Clip | None
    info: Results
    key: int | str


class CellFiles(ABC):
    """Writes the versions of one sample as files that the stock pipeline reads.

    Attributes:
        name: Of all its files, each in the folder of its cell.
    """

    name: str

    @abstractmethod
    def write(self, path: Path, frames: NDArray[np.uint8], *, whole: bool) -> None:
        """Write one version without loss; the file appears only when complete.

        Args:
            path: Where to.
            frames: (T, H, W, 3), RGB, as the cell's inputs were made of them.
            whole: Whether they are all frames of the file, not those of the canvas.

        Raises:
            ValueError: The pipeline would read other pixels.
        """


class CellPipeline(FollowedPipeline):
    """Takes the place of a data set's ``pipeline``, and goes on with other versions of a sample.

    Args:
        transforms: The pipeline's own transforms.

    Attributes:
        of: What its samples are.
    """

    of: ClassVar[Literal['videos', 'pictures', 'tracks']]

    def __init__(self, transforms: Sequence[Any]) -> None:
        self.transforms = list(transforms)


class FramePipeline(CellPipeline):
    """Of samples that have frames: ``finish`` goes on with others.

    Args:
        transforms: The pipeline's own transforms.
        whole: Whether all frames of a video are decoded, too.
    """

    def __init__(self, transforms: Sequence[Any], whole: bool) -> None:
        super().__init__(transforms)
        self.whole = whole

    @abstractmethod
    def decoded(self, data_info: Results) -> tuple[Results, Clip | None]:
        """Results up to the canvas, and the whole video if it is wanted."""

    @abstractmethod
    def rest(self, state: Results) -> Results:
        """Packed inputs from results up to the canvas."""

    @abstractmethod
    def finish_whole(self, prepared: Prepared, frames: NDArray[np.uint8]) -> Results:
        """Packed inputs of the sample with other frames (T, H, W, 3) in the place of its file's.

        There may be more or fewer than before: the pipeline samples those that it is given.
        """

    def finish_boxed(self, prepared: Prepared, box: NDArray[np.float64]) -> Results:
        """Packed inputs of a person cut out of its picture with another box (4,), in pixels."""
        raise NotImplementedError(f'{type(self).__name__} has no boxes')

    @abstractmethod
    def files(self, prepared: Prepared, index: int, folder: str | None) -> CellFiles:
        """What writes the versions of a sample.

        Args:
            prepared: The sample.
            index: In the data set.
            folder: That the data set has its files in, if it says so.
        """

    def followed(self, data_info: Results) -> tuple[Results, Prepared]:
        """No inputs yet, and the sample."""
        info = deepcopy(data_info)
        state, whole = self.decoded(data_info)
        canvas, rows = clip_of(state)
        rule = f'at least {SMALLEST} x {SMALLEST} pixels to be corrupted'
        require(min(canvas.size) >= SMALLEST, 'frames', rule, canvas.size)
        # Each version gets frames of its own.
        state['imgs' if 'imgs' in state else 'img'] = ()
        return {}, Prepared(state, canvas, rows, whole, info, sample_key(info))

    def finish(self, prepared: Prepared, frames: NDArray[np.uint8]) -> Results:
        """Packed inputs of the sample with other frames in the place of its canvas."""
        return self.rest(with_frames(deepcopy(prepared.state), frames, prepared.rows))
