"""What a victim of this study is."""

from __future__ import annotations

from dataclasses import dataclass

from mmrobust.studies.card_study import CardVictim

SEES = ('movement', 'frames', 'scenery', 'pictures', 'joints')


@dataclass(frozen=True, kw_only=True)
class SeeingVictim(CardVictim):
    """A model with its card, and what it is said to see.

    Attributes:
        sees: ``movement``, single ``frames`` of videos, the ``scenery``, ``pictures``, or the
            ``joints`` of skeletons.
        rival: Of one that sees frames: the victim on the same videos that sees movement.
        plain: Of one that was trained adversarially: the victim that was not, and is else the
            same.
        fair: Of one whose scenery tells the class in training: the victim of which it does not,
            on the same videos.
    """

    sees: str
    rival: str = ''
    plain: str = ''
    fair: str = ''
