"""The test pipeline, run in the data workers, with a record of its cropping.

The model's inputs come from the pipeline itself, unchanged. ``LayoutPipeline``
runs its transforms one by one, keeps the canvas (the distinct frames after
Resize), follows the rest through coordinates, and compares, bit for bit, what
it would gather with what the pipeline made. A video that cannot be read
becomes a ``Failure`` instead of ending the run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import numpy as np
import torch

from mmrobust.datasets.broken_files import blaming_the_file
from mmrobust.victims.action.decoded import check_decoded, check_opened, file_flags
from mmrobust.victims.action.layouts import Layout, VideoLayout, ViewLayout
from mmrobust.victims.action.windows import (
    Images,
    Windows,
    coordinate_images,
    probe,
    read_windows,
    whole,
)
from mmrobust.victims.pipeline import FollowedPipeline
from mmrobust.victims.samples import NAME_KEY, Results, UnknownTransformError

Transform = Callable[[Results], Results | None]
# Two draws of a random sampler agree by chance, where a video is short; so many do not.
DRAWS = 8


def sample_name(data_info: Results) -> str:
    """The video's file or folder, or whatever else names it."""
    for key in (NAME_KEY, 'filename', 'frame_dir', 'video_id', 'sample_idx'):
        if data_info.get(key) is not None:
            return str(data_info[key])
    return 'unnamed'


class LayoutPipeline(FollowedPipeline):
    """A recogniser's test pipeline, with a record of its cropping.

    Args:
        transforms: The pipeline's own transforms.
        space: ``video`` or ``view``.
        flow: Which frames the model computes flow of, if any
            (:func:`~mmrobust.victims.action.decoded.flow_sampling`).
    """

    def __init__(
        self, transforms: Sequence[Transform], space: str, flow: str | None = None
    ) -> None:
        self.transforms = list(transforms)
        self.space, self.flow = space, flow
        self._repeatable = False
        self._known: dict[tuple[Any, ...], list[Windows]] = {}

    def name(self, data_info: Results) -> str:
        """The video, as its data set names it."""
        return sample_name(data_info)

    def followed(self, data_info: Results) -> tuple[Results, Layout]:
        """Packed inputs, and the layout."""
        if self.space == 'view':
            packed = self._run(self.transforms, data_info)
            _check_inputs(self.transforms[-1], packed)
            views = ViewLayout(packed['inputs'], flags=file_flags(data_info))
            return packed, views
        lead, cuts, shape, tail = self.parts()
        self._check_sampling(lead, data_info)
        state = self._run(lead, data_info)
        self._check_canvas(state)
        indices = np.asarray(state['frame_inds']).reshape(-1)
        distinct, first, position = np.unique(indices, return_index=True, return_inverse=True)
        canvas = np.stack([state['imgs'][i] for i in first])
        # Rows of the copy: some transforms work in place.
        frames = [canvas[i] for i in position.reshape(-1)]
        total = int(state.get('total_frames', indices.max() + 1))
        state, windows = self._follow(cuts, state, frames)
        order = _order(shape, state)
        packed = self._run([shape, *tail], state)
        _check_inputs(([shape, *tail])[-1], packed)
        rows = windows.rows.copy()
        rows[:, 0] = position.reshape(-1)[rows[:, 0]]
        layout = VideoLayout(
            canvas=torch.from_numpy(canvas).permute(3, 0, 1, 2).contiguous(),
            frame_indices=torch.from_numpy(distinct),
            windows=torch.from_numpy(rows),
            size=(windows.height, windows.width),
            order=torch.from_numpy(order),
            total_frames=total,
            flags=file_flags(data_info),
        )
        if not torch.equal(layout.render(layout.canvas), packed['inputs']):
            raise UnknownTransformError(shape, 'the gathered views differ from its output')
        return packed, layout

    def parts(self) -> tuple[list[Transform], list[Transform], Transform, list[Transform]]:
        """Transforms up to the canvas, the cropping, FormatShape, and the rest."""
        names = [type(t).__name__ for t in self.transforms]
        if 'FormatShape' not in names:
            raise UnknownTransformError(names[-1], 'the pipeline has no FormatShape')
        shape = names.index('FormatShape')
        after = [n for n in names[shape + 1 :] if n != 'PackActionInputs']
        if after:
            raise UnknownTransformError(after[0], 'it comes after FormatShape')
        start, t = after_resize(self.transforms[:shape]), self.transforms
        return t[:start], t[start:shape], t[shape], t[shape + 1 :]

    def _run(self, transforms: Sequence[Transform], results: Results) -> Results:
        return run_steps(transforms, results, self.flow)

    def _check_sampling(self, lead: Sequence[Transform], data_info: Results) -> None:
        """Once: frames must be sampled the same way every time."""
        if self._repeatable:
            return
        names = [type(t).__name__ for t in lead]
        before = lead[: max(i for i, name in enumerate(names) if 'Decode' in name)]
        states = [self._run(before, deepcopy(data_info)) for _ in range(DRAWS)]
        draws = [np.asarray(state.get('frame_inds', [])) for state in states]
        if not all(np.array_equal(draws[0], draw) for draw in draws):
            sampler = next((t for t in before if 'Sample' in type(t).__name__), before[-1])
            raise UnknownTransformError(sampler, 'it samples at random; set test_mode=True')
        self._repeatable = True

    @staticmethod
    def _check_canvas(state: Results) -> None:
        images = state['imgs']
        if state.get('lazy') is not None:
            raise UnknownTransformError('Resize(lazy=True)', 'its work is put off')
        if images[0].ndim != 3 or images[0].dtype != np.uint8 or images[0].shape[2] != 3:
            shape, kind = images[0].shape, images[0].dtype
            raise UnknownTransformError('decoding', f'frames are {kind} {shape}, not RGB uint8')

    def _follow(
        self, cuts: Sequence[Transform], state: Results, frames: Images
    ) -> tuple[Results, Windows]:
        """Run the cropping on the frames and, the first time, on coordinates."""
        count, (height, width) = len(frames), frames[0].shape[:2]
        key = (count, height, width, state.get('clip_len'), state.get('num_clips'))
        if key not in self._known:
            self._known[key] = _trace(cuts, state, count, height, width)
        windows = whole(count, height, width)
        for transform, windows in zip(cuts, self._known[key], strict=True):  # noqa: B007
            state = self._run([transform], state)
            same = len(state['imgs']) == len(windows.rows) and all(
                np.array_equal(windows.cut(frames, i), image)
                for i, image in enumerate(state['imgs'])
            )
            if not same:
                reason = 'it computes new pixels, or crops at random'
                raise UnknownTransformError(transform, reason)
        return state, windows


def after_resize(transforms: Sequence[Transform]) -> int:
    """How many transforms lead to the canvas: decoding, and each Resize that follows it.

    Raises:
        UnknownTransformError: None decodes frames.
    """
    names = [type(transform).__name__ for transform in transforms]
    decodes = [i for i, name in enumerate(names) if 'Decode' in name]
    if not decodes:
        raise UnknownTransformError(names[0], 'no transform before FormatShape decodes frames')
    start = decodes[-1] + 1
    while start < len(names) and names[start] == 'Resize':
        start += 1
    return start


def run_steps(
    transforms: Sequence[Transform], results: Results, flow: str | None = None
) -> Results:
    """The results of transforms, with word of files that cannot be read.

    Args:
        transforms: Of a recogniser's pipeline.
        results: What the first is given.
        flow: See :class:`LayoutPipeline`.

    Raises:
        ValueError: One returns nothing, or what it decodes breaks a rule.
    """
    for transform in transforms:
        with blaming_the_file(transform, results):
            after = transform(results)
        if after is None:
            raise ValueError(f'{type(transform).__name__} returned nothing')
        results = after
        if 'Init' in type(transform).__name__:
            check_opened(transform, results)
        if 'Decode' in type(transform).__name__:
            check_decoded(results, flow)
    return results


def _trace(
    cuts: Sequence[Transform], state: Results, count: int, height: int, width: int
) -> list[Windows]:
    """The windows after each cropping transform."""
    canvas = coordinate_images(count, height, width)
    images: Images = canvas
    traced = []
    for transform in cuts:
        state = probe(transform, state, images)
        images = state['imgs']
        traced.append(read_windows(transform, images, canvas))
    return traced


def _order(shape: Transform, state: Results) -> np.ndarray[Any, np.dtype[np.int64]]:
    """How FormatShape arranges the flat list: (V,) or (V, t) positions in it."""
    count = len(state['imgs'])
    tiny = [np.full((1, 1, 3), i, dtype=np.int64) for i in range(count)]
    arranged = probe(shape, state, tiny)['imgs']
    layout = getattr(shape, 'input_format', None)
    axis = {'NCHW': 1, 'NCTHW': 1}.get(str(layout))
    if axis is None or getattr(shape, 'collapse', False) or arranged.ndim not in (4, 5):
        raise UnknownTransformError(shape, f'input_format={layout!r} is not NCHW or NCTHW')
    return arranged[:, 0, ..., 0, 0]


def _check_inputs(transform: object, packed: Results) -> None:
    if not isinstance(packed.get('inputs'), torch.Tensor):
        kind = type(packed.get('inputs')).__name__
        raise UnknownTransformError(transform, f'its inputs are a {kind}, not one tensor')
