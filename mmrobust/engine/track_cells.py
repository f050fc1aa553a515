"""The versions of a track of joints: clean, and corrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from mmrobust.corruptions.cues import Stage
from mmrobust.corruptions.tracks import Draws, Track, TrackCorruption
from mmrobust.corruptions.tracks.change import lost, mean_ways, moved
from mmrobust.corruptions.tracks.equal_noise import equal_joint_noise
from mmrobust.engine.cells import Cell, Cells, Picture, repeatable
from mmrobust.evaluation.corruptions import CLEAN
from mmrobust.functional.randomness import sample_seed
from mmrobust.victims.base import Victim
from mmrobust.victims.skeleton.cells import PreparedTrack, SkeletonCells
from mmrobust.victims.skeleton.track_files import TRACK, write_arrays
from mmrobust.visualization.track_sheet import track_sheet


@dataclass
class TrackCells(Cells):
    """Cells of samples that are tracks of joints.

    Attributes:
        kinds: Of corruption.
        bones: Pairs of joints of a body of so many.
        shown: Kind -> caption -> the track of the sample that was made last.
        planar: Whether its joints lie in a picture.
    """

    kinds: Sequence[TrackCorruption]
    bones: Callable[[int], Sequence[tuple[int, int]]]
    shown: dict[str, dict[str, Track]] = field(default_factory=dict)
    planar: bool = False

    def has_control(self, kind: TrackCorruption) -> bool:
        """Of kinds that move joints, and are not noise already."""
        return self.control and kind.has_control

    def install(self, victim: Victim, dataset: Any) -> None:
        """The pipeline from its first transform on, whatever transforms it has."""
        dataset.pipeline = SkeletonCells(dataset.pipeline.transforms)

    def of_sample(
        self, pipeline: SkeletonCells, prepared: PreparedTrack, index: int, stage: Stage | None
    ) -> Iterator[Cell]:
        """The clean cell, then kind after kind."""
        self.planar, clean = prepared.planar, prepared.track
        packed = partial(self._packed, pipeline, prepared, sample_seed(self.seed, index))
        cell = partial(self._cell, prepared, index)
        yield cell(CLEAN, clean, packed(clean))
        for kind in self.kinds:
            shown, sizes = {CLEAN: clean}, {}
            draws = Draws(self.seed, kind.name, prepared.key)
            for one in self.ladder(kind, clean, draws, packed):
                if one.hole is not None:
                    yield Cell(one.cell, hole=one.hole)
                    continue
                shown[f'severity {one.severity}'] = one.value
                if self.has_control(kind):
                    sizes[one.severity] = mean_ways(clean, one.value)
                yield cell(one.cell, one.value, one.packed)
            if self.has_control(kind):
                noise = Draws(self.seed, f'{kind.name}_control', prepared.key)

                def alike(name: str, size: Any, noise: Draws = noise) -> Cell:
                    track = equal_joint_noise(clean, size, noise)
                    return cell(name, track, packed(track))

                yield from self.controls(kind, sizes, alike)
            self.shown[kind.name] = shown

    def strips(self) -> dict[str, Picture]:
        """Some frames of each version in a row."""
        return {
            kind: track_sheet(
                {name: track.keypoint for name, track in shown.items()},
                self.bones(next(iter(shown.values())).keypoint.shape[2]),
                down=self.planar,
            )
            for kind, shown in self.shown.items()
        }

    def _packed(
        self, pipeline: SkeletonCells, prepared: PreparedTrack, seed: int, track: Track
    ) -> Any:
        with repeatable(seed):
            return pipeline.finish(prepared, track)

    def _cell(
        self, prepared: PreparedTrack, index: int, name: str, track: Track, packed: Any
    ) -> Cell:
        """A version in its cell, which is kept as a file where that is wanted."""
        facts, kept = {}, None
        if name != CLEAN:
            facts = {'moved': moved(prepared.track, track), 'lost': lost(prepared.track, track)}
        if self.saved is not None:
            write = partial(write_arrays, arrays=prepared.arrays(track))
            kept = self.saved.keep(f'{index:06d}{TRACK}', name, write)
        return Cell(name, packed, saved=kept, facts=facts)
