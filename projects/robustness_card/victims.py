"""What a victim of this study is."""

from __future__ import annotations

from dataclasses import dataclass

from mmrobust.studies.study import VictimSpec

SEES = ('movement', 'frames', 'pictures')


@dataclass(frozen=True, kw_only=True)
class CardVictim(VictimSpec):
    """A model with its card.

    Attributes:
        card: Config of what the card holds; relative to the spec.
        sees: ``movement``, single ``frames`` of videos, or ``pictures``.
        rival: Of one that sees frames: the victim on the same videos that sees movement.
        plain: Of one that was trained adversarially: the victim that was not, and is else the
            same.
        windows: Whether samples are windows of videos, of which those of one are a unit.
        samples: Of the test set at most; 0: as many as of others.
        seconds: CPU seconds per sample, for the estimate alone.
    """

    card: str
    sees: str
    rival: str = ''
    plain: str = ''
    windows: bool = False
    samples: int = 0
    seconds: float = 10.0
