"""Videos with other frames, through the rest of a recogniser's test pipeline.

Shapes: T frames, H, W pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions import Clip
from mmrobust.datasets.clips import Results, bit_rate, frame_rate
from mmrobust.victims.action.cell_files import VideoCellFiles
from mmrobust.victims.action.full_video import decoded_whole
from mmrobust.victims.action.loading import after_resize, run_steps, sample_name
from mmrobust.victims.cells import FramePipeline, Prepared


class VideoCells(FramePipeline):
    """Cut behind decoding and Resize; sampling is repeated for other whole videos.

    Args:
        transforms: The pipeline's own transforms.
        whole: Whether all frames of each video are decoded, too.

    Raises:
        UnknownTransformError: None decodes frames.
    """

    of = 'videos'

    def __init__(self, transforms: Sequence[Any], whole: bool) -> None:
        super().__init__(transforms, whole)
        self._canvas = after_resize(self.transforms)
        names = [type(one).__name__ for one in self.transforms]
        self._decode = max(i for i, name in enumerate(names) if 'Decode' in name)
        # Sizes of frames of which a file has been read back.
        self._readable: set[tuple[int, ...]] = set()

    def name(self, data_info: Results) -> str:
        """The video, as its data set names it."""
        return sample_name(data_info)

    def decoded(self, data_info: Results) -> tuple[Results, Clip | None]:
        """The sampled frames on the canvas, and all frames as they are decoded."""
        whole = None
        if self.whole:
            state, _ = decoded_whole(self.transforms[: self._decode + 1], deepcopy(data_info))
            whole = Clip(
                np.stack(state['imgs']), rate=frame_rate(state), bit_rate=bit_rate(data_info)
            )
        return run_steps(self.transforms[: self._canvas], data_info), whole

    def rest(self, state: Results) -> Results:
        """What comes behind Resize."""
        return run_steps(self.transforms[self._canvas :], state)

    def finish_whole(self, prepared: Prepared, frames: NDArray[np.uint8]) -> Results:
        """Sampling, Resize and all that follows, on frames that are decoded already."""
        from mmaction.registry import TRANSFORMS

        info = deepcopy(prepared.info) | {
            'array': frames,
            'total_frames': len(frames),
            'start_index': 0,
            'modality': prepared.info.get('modality', 'RGB'),
        }
        lead = [t for t in self.transforms[: self._decode] if 'Init' not in type(t).__name__]
        decode = TRANSFORMS.build({'type': 'ArrayDecode'})
        return run_steps([*lead, decode, *self.transforms[self._decode + 1 :]], info)

    def files(self, prepared: Prepared, index: int, folder: str | None) -> VideoCellFiles:
        """Videos, lossless."""
        lead = self.transforms[: self._canvas]
        return VideoCellFiles(self, lead, prepared, index, self._readable)
