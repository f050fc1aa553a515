"""How far a track of joints is from another one, and what that does to bones and to motion.

Shapes: M persons, T frames, V joints, C coordinates; lengths in the unit of the tracks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]
# What is said of a pair of tracks.
NAMES = (
    *('deviation', 'deviation_max', 'deviation_native', 'deviation_native_max'),
    *('first_frame_deviation', 'moved_joints', 'bone_change'),
    *('speed_change', 'acceleration_change', 'jerk_change', 'jitter_ratio'),
)


@dataclass(frozen=True)
class TrackPair:
    """A track and what became of it.

    Args:
        clean: (M, T, V, C); a joint that is 0 in all coordinates was not found.
        changed: Likewise.
        moves: (M, T, V), joints whose place matters: means are taken over them.
        sizes: (M,), of the bodies, > 0.
    """

    clean: Floats
    changed: Floats
    moves: Truths
    sizes: Floats

    def __post_init__(self) -> None:
        # Shapes that broadcast would give numbers, too.
        assert self.clean.shape == self.changed.shape, (self.clean.shape, self.changed.shape)
        assert self.moves.shape == self.clean.shape[:3], self.moves.shape
        assert self.sizes.shape == self.clean.shape[:1], self.sizes.shape

    @property
    def found(self) -> Truths:
        """Which joints are there (M, T, V)."""
        return (self.clean != 0).any(-1)

    @property
    def ways(self) -> Floats:
        """How far each joint moved (M, T, V)."""
        return lengths(self.changed - self.clean)

    def in_bodies(self, values: Floats) -> Floats:
        """(M, ...) in sizes of the bodies."""
        shares: Floats = values / self.sizes.reshape(-1, *[1] * (values.ndim - 1))
        return shares


def lengths(vectors: Floats) -> Floats:
    """Euclidean lengths (...) of vectors (..., C)."""
    found: Floats = np.sqrt(np.square(vectors).sum(-1))
    return found


def track_metrics(pair: TrackPair, bones: Sequence[tuple[int, int]]) -> dict[str, float | None]:
    """All that :data:`NAMES` lists; None where there is nothing to measure.

    ``deviation`` is the mean way of a joint in sizes of the body (``_max`` the longest,
    ``_native`` in the track's own unit), ``first_frame_deviation`` that of the first frame in
    which somebody is there, ``bone_change`` the mean of abs(B' - B) / B over bones of length B > 0,
    ``speed_change``, ``acceleration_change`` and ``jerk_change`` the mean length of the first,
    second and third difference in time of the change, in sizes per frame, frame^2 and frame^3,
    and ``jitter_ratio`` the mean acceleration after over that before: about 1, and the change is
    no rougher than the track itself.

    Source: the quantities that Wang et al. 2021, arXiv:2103.05347 (SMART), and Diao et al. 2021,
    arXiv:2103.05266 (BASAR), report. Deviations: differences are per frame, not per second;
    deviations are per joint, not per frame; bones that do not change count, and joints that were
    not found do not.

    Args:
        pair: Both tracks.
        bones: Pairs of joints.
    """
    shares, ways, moves = pair.in_bodies(pair.ways), pair.ways, pair.moves
    there = moves.any((0, 2))
    # Of no frame: nothing.
    first = moves & (np.arange(moves.shape[1]) == there.argmax())[None, :, None]
    found = {
        'deviation': _mean(shares[moves]),
        'deviation_max': _most(shares[moves]),
        'deviation_native': _mean(ways[moves]),
        'deviation_native_max': _most(ways[moves]),
        'first_frame_deviation': _mean(shares[first]),
        'moved_joints': float((ways > 0).sum()),
        'bone_change': bone_change(pair, bones),
        'jitter_ratio': jitter_ratio(pair),
    }
    for order, name in enumerate(('speed', 'acceleration', 'jerk'), 1):
        found[f'{name}_change'] = motion_change(pair, order)
    return {name: found[name] for name in NAMES}


def bone_change(pair: TrackPair, bones: Sequence[tuple[int, int]]) -> float | None:
    """Mean of abs(B' - B) / B over the bones of which an end might be moved."""
    changes = []
    for end, start in bones:
        before, after = (
            lengths(track[:, :, end] - track[:, :, start]) for track in (pair.clean, pair.changed)
        )
        both = pair.found[:, :, end] & pair.found[:, :, start] & (before > 0)
        both &= pair.moves[:, :, end] | pair.moves[:, :, start]
        changes.append(np.abs(after - before)[both] / before[both])
    return _mean(np.concatenate(changes)) if changes else None


def motion_change(pair: TrackPair, order: int) -> float | None:
    """Mean length of the change's difference of an order, in sizes of the body."""
    change = np.diff(pair.changed - pair.clean, order, axis=1)
    return _mean(pair.in_bodies(lengths(change))[_seen(pair, order)])


def jitter_ratio(pair: TrackPair) -> float | None:
    """Mean acceleration of the changed track over that of the clean one."""
    seen = _seen(pair, 2)
    after, before = (
        _mean(pair.in_bodies(lengths(np.diff(track, 2, axis=1)))[seen])
        for track in (pair.changed, pair.clean)
    )
    return after / before if after is not None and before else None


def _seen(pair: TrackPair, order: int) -> Truths:
    """Joints found in ``order`` + 1 frames in a row (M, T - order, V), one of them to be moved."""
    frames = max(pair.moves.shape[1] - order, 0)
    runs = [slice(shift, shift + frames) for shift in range(order + 1)]
    found: Truths = np.logical_and.reduce([pair.found[:, run] for run in runs])
    moved: Truths = np.logical_or.reduce([pair.moves[:, run] for run in runs])
    return found & moved


def _mean(values: Floats) -> float | None:
    return float(values.mean()) if values.size else None


def _most(values: Floats) -> float | None:
    return float(values.max()) if values.size else None
