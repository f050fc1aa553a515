"""All frames of a video on the canvas, so that an adversarial one can be saved.

Shapes: T frames of the whole video, H, W the frame after the pipeline's Resize.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mmrobust.datasets.clips import frame_rate
from mmrobust.datasets.transforms.frame_boxes import FrameBoxes
from mmrobust.functional.checks import one_line
from mmrobust.victims.action.loading import LayoutPipeline
from mmrobust.victims.action.windows import Results
from mmrobust.victims.samples import UnknownTransformError


@dataclass(frozen=True)
class FullVideo:
    """A decoded video.

    Attributes:
        frames: (T, H, W, 3), uint8, RGB, after the pipeline's Resize.
        fps: Frames per second; 25 where the file does not say.
        start: Index that the data set gives to the first frame.
        boxes: Of persons, (T, P, 4), in pixels of ``frames``, where the pipeline has some.
    """

    frames: NDArray[np.uint8]
    fps: float
    start: int
    boxes: NDArray[np.float32] | None = None


def full_video(pipeline: LayoutPipeline, info: Results) -> FullVideo:
    """Run the pipeline's decoding and Resize on every frame; see :func:`on_canvas`."""
    lead, cuts, *_ = pipeline.parts()
    return on_canvas(lead, info, next((t for t in cuts if isinstance(t, FrameBoxes)), None))


def on_canvas(lead: Sequence[Any], info: Results, boxing: FrameBoxes | None = None) -> FullVideo:
    """Every frame of a video after the transforms that decode and resize.

    Args:
        lead: They, and what comes before them.
        info: What the data set says of the video.
        boxing: What gives the boxes of persons, if anything does.

    Raises:
        UnknownTransformError: Resize is not the identity on its own result, so
            that the stock pipeline would change a saved video.
    """
    state, decode = decoded_whole(lead, info)
    start, fps = int(state.get('start_index', 0)), frame_rate(state)
    resize = lead[decode + 1 :]
    for transform in resize:
        state = _run(transform, state)
    frames = np.stack(state['imgs'])
    again = state | {'imgs': [frames[0].copy()], 'img_shape': frames.shape[1:3]}
    for transform in resize:
        again = _run(transform, again)
        if not np.array_equal(again['imgs'][0], frames[0]):
            reason = 'it changes frames that it has already resized'
            raise UnknownTransformError(transform, reason)
    boxes = None if boxing is None else boxing(dict(state))['boxes']
    return FullVideo(frames, fps, start, boxes)


def decoded_whole(lead: Sequence[Any], info: Results) -> tuple[Results, int]:
    """Results with every frame of a video, and the place of the transform that decodes.

    Args:
        lead: Transforms of the pipeline, among them one that decodes.
        info: What the data set says of the video.
    """
    names = [type(t).__name__ for t in lead]
    decode = max(i for i, name in enumerate(names) if 'Decode' in name)
    state: Results = dict(info)
    for transform, name in zip(lead[:decode], names, strict=False):
        if 'Sample' not in name:
            state = _run(transform, state)
    start, total = int(state.get('start_index', 0)), int(state['total_frames'])
    state |= {'frame_inds': np.arange(start, start + total), 'clip_len': total, 'num_clips': 1}
    return _run(lead[decode], state), decode


class Pipeline(Protocol):
    """A followed pipeline of videos.

    Attributes:
        transforms: The pipeline's own.
    """

    transforms: list[Any]


def check_readable(
    path: Path, frames: NDArray[np.uint8], pipeline: Pipeline, option: str = 'save_adv'
) -> None:
    """The config's own reader must give a saved video back, bit for bit.

    Args:
        path: The video.
        frames: What was written, (T, H, W, 3).
        pipeline: Of the data set.
        option: That asked for the video.

    Raises:
        ValueError: It does not; decord fails on some narrow videos, and PyAVInit
            counts no frames in Matroska files.
    """
    init, decode = own_reader(pipeline)
    state: Results = {'filename': str(path), 'start_index': 0, 'modality': 'RGB'}
    try:
        state = _run(init, state)
        state['frame_inds'] = np.arange(int(state['total_frames']))
        read = _run(decode, state)['imgs']
        same = len(read) == len(frames) and all(map(np.array_equal, read, frames))
        reason = f'it gives {len(read)} of {len(frames)} frames, or other pixels'
    except Exception as error:
        same, reason = False, one_line(error)
    if not same:
        raise ValueError(
            f'{option}: {type(init).__name__}/{type(decode).__name__} cannot read {path.name} '
            f'back ({frames.shape[2]} pixels wide): {reason}; use OpenCVInit and OpenCVDecode'
        )


def own_reader(pipeline: Pipeline) -> tuple[Any, Any]:
    """The pipeline's two transforms that read a video file, decord's where it reads none.

    Those of a subclass count: the config's own reader is what must read the file.
    """
    from mmaction.registry import TRANSFORMS

    for reader in ('OpenCV', 'PyAV', 'Decord'):
        found = [_derived(pipeline.transforms, f'{reader}{part}') for part in ('Init', 'Decode')]
        if None not in found:
            return found[0], found[1]
    return TRANSFORMS.build({'type': 'DecordInit'}), TRANSFORMS.build({'type': 'DecordDecode'})


def _derived(transforms: Sequence[Any], kind: str) -> Any | None:
    """The first transform of a class of this name, or derived from one."""
    named = (t for t in transforms if any(base.__name__ == kind for base in type(t).__mro__))
    return next(named, None)


def _run(transform: Any, state: Results) -> Results:
    after = transform(state)
    if after is None:
        raise ValueError(f'{type(transform).__name__} returned nothing')
    return dict(after)
