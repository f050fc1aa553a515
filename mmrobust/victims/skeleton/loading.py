"""The test pipeline of a skeleton data set, with the track that it starts from.

Shapes: M persons, T frames, V joints, C coordinates.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmrobust.functional.checks import one_line, require
from mmrobust.victims.pipeline import FollowedPipeline
from mmrobust.victims.samples import NAME_KEY, RefusedError, Results
from mmrobust.victims.skeleton.bodies import Body, body_of, box_sizes, torso_sizes
from mmrobust.victims.skeleton.layout import JointViewLayout, SkeletonLayout, TrackLayout
from mmrobust.victims.skeleton.path import TrackPath, check_agreement, numpy_undisturbed
from mmrobust.victims.skeleton.tracks import StoredTrack, checked_track

Unit = Literal['torso', 'box', 'native']


@dataclass(frozen=True)
class Measure:
    """In what the sizes of changes are counted.

    Attributes:
        unit: ``torso``, ``box`` (longest side) or ``native``, the file's own.
        body: Which joints the torso lies between; None: by their number.
    """

    unit: Unit
    body: Body | None = None

    def sizes(self, track: NDArray[Any]) -> Tensor:
        """Of each person (M,) of a track (M, T, V, C), places only.

        Raises:
            ValueError: Somebody who is there has none.
        """
        if self.unit == 'native':
            return torch.ones(len(track), dtype=torch.float64)
        if self.unit == 'torso':
            found = torso_sizes(track, body_of(track.shape[2], self.body))
            rule = 'with shoulders and hips in one frame at least, for victim.unit=torso'
        else:
            found = box_sizes(track)
            rule = 'with two joints apart, for victim.unit=box'
        there = (track != 0).any((1, 2, 3))
        lost = np.flatnonzero(there & ~(found > 0)).tolist()
        require(not lost, 'keypoint', rule, f'persons {lost} without')
        return torch.from_numpy(np.where(there, found, 1.0))


def track_name(data_info: Results) -> str:
    """What a data set calls the video of a track."""
    for key in (NAME_KEY, 'frame_dir', 'filename', 'sample_idx'):
        if data_info.get(key) is not None:
            return str(data_info[key])
    return 'unnamed'


class TrackPipeline(FollowedPipeline):
    """A skeleton data set's test pipeline, with the track.

    Args:
        path: Its transforms and their twins.
        space: ``track`` or ``view``.
        measure: In what changes are counted.
    """

    def __init__(self, path: TrackPath, space: str, measure: Measure) -> None:
        self.path, self.space, self.measure = path, space, measure
        self.transforms = path.transforms

    def name(self, data_info: Results) -> str:
        """The video whose joints they are, as its data set names it."""
        return track_name(data_info)

    def followed(self, data_info: Results) -> tuple[Results, SkeletonLayout]:
        """Packed inputs, and the layout."""
        keypoint = checked_track(data_info)
        info = {name: value for name, value in data_info.items() if name != 'keypoint'}
        try:
            slopes, reach = self._probed(info, keypoint)
        except (AssertionError, IndexError, KeyError) as error:
            raise ValueError(f'the pipeline cannot take the track: {one_line(error)}') from error
        packed = self._stock(data_info)
        inputs = packed['inputs']
        try:
            check_agreement(inputs, slopes)
        except ValueError as error:
            raise RefusedError(str(error)) from error
        stored = self._stored(keypoint, info, reach)
        if self.space == 'view':
            free = self._free(info, stored)
            layout: SkeletonLayout = JointViewLayout(
                stored, tuple(inputs.shape), inputs, free, self.path.describe()
            )
        else:
            layout = TrackLayout(stored, tuple(inputs.shape), self.path, info)
        return packed, layout

    def _stock(self, data_info: Results) -> Results:
        """What the pipeline gives to whoever does not follow it."""
        state = deepcopy(data_info)
        with numpy_undisturbed():
            for transform in self.transforms:
                state = transform(state)
        return state

    def _probed(self, info: Results, keypoint: NDArray[Any]) -> tuple[Tensor, Tensor]:
        """The twin's input, and which persons' frames (M, T) have a part in it."""
        leaf = torch.from_numpy(keypoint.astype(np.float64)).requires_grad_()
        with torch.enable_grad():
            slopes = self.path.twin(info, leaf, keypoint.dtype)
            # Any weights but equal ones, under which motions cancel.
            weights = torch.linspace(1.0, 2.0, slopes.numel(), dtype=torch.float64).sin()
            if slopes.requires_grad:
                (slopes * weights.reshape(slopes.shape)).sum().backward()
        gradient = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
        return slopes.detach(), (gradient != 0).flatten(2).any(dim=2)

    def _stored(self, keypoint: NDArray[Any], info: Results, reach: Tensor) -> StoredTrack:
        """What may move: joints that were found, of persons whom the network sees."""
        scored = self.path.planar and 'keypoint_score' not in info and keypoint.shape[3] == 3
        count = 2 if self.path.planar else keypoint.shape[3]
        places = keypoint[..., :count]
        score = keypoint[..., 2] if scored else info.get('keypoint_score')
        found = (places != 0).any(-1)
        found = found if score is None else found & (np.asarray(score) > 0)
        there = torch.from_numpy(found)
        seen, moves = there & reach[..., None], there & reach.any(dim=1)[:, None, None]
        require(bool(seen.any()), 'keypoint', 'of a joint that the network sees', 'none')
        return StoredTrack(keypoint, count, self.measure.sizes(places), moves, seen)

    def _free(self, info: Results, stored: StoredTrack) -> Tensor:
        """Which values of the input depend on places: those that another track changes."""
        clean = torch.from_numpy(stored.keypoint.astype(np.float64))
        draw = np.random.default_rng(0).uniform(0.5, 1.0, stored.places.shape)
        step = torch.from_numpy(draw) * stored.moves[..., None] * 1e-2
        step = step * stored.places.abs().amax()
        other = clean.clone()
        other[..., : stored.coordinates] += step
        double = np.dtype(np.float64)
        return self.path.twin(info, clean, double) != self.path.twin(info, other, double)
