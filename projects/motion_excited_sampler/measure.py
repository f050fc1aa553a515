"""What the runs measured, by video: seeds of one video are not independent.

Intervals resample videos, each with all its seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

# Index of a video -> a number for each seed.
ByVideo = Mapping[int, Sequence[float]]


@dataclass(frozen=True)
class Arm:
    """One arm against one victim, all seeds.

    Attributes:
        budget: Queries per video.
        rows: By seed, the ledger's lines of the attacked videos.
        cards: By seed, the part ``query`` of the report.
    """

    budget: int
    rows: Mapping[int, Sequence[Mapping[str, Any]]]
    cards: Mapping[int, Mapping[str, Any]]

    def by_video(self, value: Callable[[Mapping[str, Any]], float | None]) -> ByVideo:
        """A number of every line, where it has one."""
        found: dict[int, list[float]] = {}
        for lines in self.rows.values():
            for line in lines:
                number = value(line)
                if number is not None:
                    found.setdefault(line['index'], []).append(number)
        return found

    def only(self, videos: set[int]) -> Arm:
        """What was measured on these videos."""
        kept = {
            s: [line for line in rows if line['index'] in videos] for s, rows in self.rows.items()
        }
        return Arm(self.budget, kept, self.cards)

    @property
    def lines(self) -> list[Mapping[str, Any]]:
        """Of all seeds."""
        return [line for lines in self.rows.values() for line in lines]

    @property
    def capped(self) -> ByVideo:
        """Queries; a failure counts with the whole budget."""
        return self.by_video(lambda line: line['queries'] if line['success'] else self.budget)

    @property
    def cosine(self) -> ByVideo:
        """Of the estimated and the true gradient, mean along the run."""
        return self.by_video(lambda line: line['measures'].get('gradient_cosine'))

    @property
    def success(self) -> ByVideo:
        """1 or 0."""
        return self.by_video(lambda line: float(line['success']))


def means(values: ByVideo) -> dict[int, float]:
    """The mean over the seeds of each video."""
    return {video: mean(numbers) for video, numbers in values.items()}


def differences(one: ByVideo, other: ByVideo) -> dict[int, float]:
    """One less the other by video, mean over the seeds; videos of both."""
    a, b = means(one), means(other)
    return {video: a[video] - b[video] for video in a if video in b}
