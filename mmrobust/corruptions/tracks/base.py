"""What every corruption of tracks offers."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from mmrobust.corruptions.base import snake
from mmrobust.corruptions.draws import Draws
from mmrobust.corruptions.tracks.track import Track
from mmrobust.functional.checks import require, whole
from mmrobust.functional.describe import describe_fields


class TrackCorruption(ABC):
    """A natural change of tracks. It knows no model and no label.

    It belongs on what the file holds, before any of the pipeline's transforms. A subclass is a
    frozen dataclass of its options.

    Attributes:
        group: Kinds that belong together in a table.
        constants: What each severity is, the mildest first.
        level: What is changed.
        has_control: Whether noise that moves joints by as much says something beside it: it
            moves them, takes none away, and is no noise itself.
    """

    group: ClassVar[str] = 'skeleton'
    level: ClassVar[str] = 'track'
    has_control: ClassVar[bool] = False
    constants: ClassVar[Sequence[Any]]

    def draw(self, track: Track, draws: Draws) -> Any:
        """All that is random in it, for all severities; None if nothing is."""
        return None

    @abstractmethod
    def apply(self, track: Track, drawing: Any, severity: int) -> Track:
        """The corrupted track, of the same shape unless the kind says otherwise.

        Args:
            track: The clean one, which stays as it is.
            drawing: What ``draw`` returned for this track.
            severity: 1 to 5.
        """

    def ladder(self, track: Track, draws: Draws, severities: Sequence[int]) -> Iterator[Track]:
        """The track at each of the severities, which share one drawing; at 0, the clean one."""
        for severity in severities:
            known = whole(severity, 0) and severity <= len(self.constants)
            require(known, 'severity', f'0 (clean) to {len(self.constants)}', severity)
        drawing = self.draw(track, draws) if any(severities) else None
        for severity in severities:
            yield self.apply(track, drawing, severity) if severity else track

    def __call__(self, track: Track, severity: int, draws: Draws) -> Track:
        """The track at one severity."""
        return next(self.ladder(track, draws, [severity]))

    @property
    def name(self) -> str:
        """As tables and commands call it: the class's name in small letters."""
        return snake(type(self).__name__)

    def describe(self) -> dict[str, Any]:
        """The options, as a config would give them."""
        return describe_fields(self)
