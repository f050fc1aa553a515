"""A skeleton pipeline from the stored track to the network's input, as it is and with slopes.

Shapes: M persons, T frames, V joints, C coordinates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmrobust.functional.checks import require
from mmrobust.registry import TWINS, find
from mmrobust.victims.samples import RefusedError, Results
from mmrobust.victims.skeleton.twins.base import Twin, Typed, through

# Twin and pipeline may differ by the last bit of a single-precision input of this size.
CLOSE = 1e-6
# Transforms that speak of joints in a picture, of which a third number is a score.
PLANAR = ('PreNormalize2D', 'PoseCompact', 'GeneratePoseTarget')


class TrackPath:
    """The transforms of a test pipeline, each with its twin.

    Args:
        transforms: The pipeline's own, to the packed input.

    Raises:
        RefusedError: One has no twin, or an option that its twin cannot follow.
    """

    def __init__(self, transforms: Sequence[Any]) -> None:
        self.transforms = list(transforms)
        self.twins = [_twin_of(transform) for transform in self.transforms]

    def describe(self) -> tuple[str, ...]:
        """The transforms in words, with their options."""
        return tuple(repr(transform) for transform in self.transforms)

    @property
    def planar(self) -> bool:
        """Whether joints lie in a picture."""
        return is_planar(self.transforms)

    @property
    def heatmaps(self) -> bool:
        """Whether the network's input are volumes."""
        return any(type(one).__name__ == 'GeneratePoseTarget' for one in self.transforms)

    def packed(self, info: Mapping[str, Any], track: NDArray[Any]) -> Results:
        """What the pipeline itself makes of a sample with this track (M, T, V, C)."""
        state: Results = deepcopy(dict(info)) | {'keypoint': track.copy()}
        with numpy_undisturbed():
            for step in self.twins:
                state = step.stock(state)
        return state

    def twin(self, info: Mapping[str, Any], track: Tensor, dtype: np.dtype[Any]) -> Tensor:
        """Likewise, differentiable; in double precision, volumes in single.

        Args:
            info: What the data set says of the sample, without the track; its scores may be
                ``Typed``, with slopes.
            track: (M, T, V, C), values that ``dtype`` holds.
            dtype: Of the file.
        """
        state: dict[str, Any] = dict(info) | {'keypoint': Typed(track, dtype)}
        score = state.get('keypoint_score')
        if score is not None and not isinstance(score, Typed):
            values = np.asarray(score)
            state['keypoint_score'] = Typed(torch.from_numpy(values).double(), values.dtype)
        with numpy_undisturbed():
            for step in self.twins:
                state = step(state)
        found: Tensor = state['inputs']
        return found

    def inputs(
        self,
        info: Mapping[str, Any],
        track: Tensor,
        stored: NDArray[Any],
        score: Typed | None = None,
    ) -> Tensor:
        """The pipeline's values with the twins' slopes, in the pipeline's precision.

        Args:
            info: What the data set says of the sample, without the track.
            track: (M, T, V, C) with slopes.
            stored: The same values, as the file would hold them.
            score: Those of ``info`` with slopes; None: they have none.

        Raises:
            ValueError: Both disagree.
        """
        values = self.packed(info, stored)['inputs']
        scored = {} if score is None else {'keypoint_score': score}
        slopes = self.twin({**info, **scored}, track, stored.dtype)
        check_agreement(values, slopes)
        return through(slopes.to(values.dtype), values)


def is_planar(transforms: Sequence[Any]) -> bool:
    """Whether a pipeline takes its joints to lie in a picture."""
    plain = {type(one).__name__ for one in transforms} & {*PLANAR}
    kinds = {getattr(one, 'dataset', None) for one in transforms}
    return bool(plain) or bool(kinds & {'coco', 'openpose'})


def built(steps: Sequence[Any]) -> list[Any]:
    """The transforms of a config's pipeline."""
    from mmaction.registry import TRANSFORMS

    return [TRANSFORMS.build(dict(step)) for step in steps]


def _twin_of(transform: Any) -> Twin:
    name = type(transform).__name__
    if TWINS.get(name) is None:
        raise RefusedError(
            f"space='track' cannot follow the pipeline's transform {name}: it has no twin; "
            'register one (mmrobust.registry.TWINS)'
        )
    try:
        twin: Twin = find(TWINS, name)(transform)
    except ValueError as error:
        raise RefusedError(f"space='track' cannot follow the pipeline: {error}") from error
    return twin


def check_agreement(values: Tensor, slopes: Tensor) -> None:
    """Raise ValueError unless a twin's input is that of the pipeline."""
    same = values.shape == slopes.shape
    rule = f'of the shape {tuple(values.shape)} that the pipeline gives'
    require(same, "the twin's input", rule, tuple(slopes.shape))
    apart = float((values - slopes.detach()).abs().max()) if values.numel() else 0.0
    large = max(1.0, float(values.abs().max())) if values.numel() else 1.0
    rule = f"the pipeline's within {CLOSE:g} of its largest value"
    require(apart <= CLOSE * large, "the twin's input", rule, f'a difference of {apart:.3g}')


@contextmanager
def numpy_undisturbed() -> Iterator[None]:
    """NumPy's own stream goes on behind the block as if nothing had been drawn.

    Sampling seeds it anew for each sample, which would make all that draws from it repeat itself.
    """
    state = np.random.get_state()
    try:
        yield
    finally:
        np.random.set_state(state)
