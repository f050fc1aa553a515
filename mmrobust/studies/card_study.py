"""Studies whose jobs are robustness cards: one of every victim, and what they come to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from mmengine.config import Config

from mmrobust.evaluation.claims import Claim, table
from mmrobust.functional.checks import require
from mmrobust.studies.card_costs import costs, cue_scores
from mmrobust.studies.card_scores import CardScores, card_scores
from mmrobust.studies.job import StudyJob
from mmrobust.studies.section import Section
from mmrobust.studies.study import Study, VictimSpec

# By the names of their victims.
Cards = Mapping[str, CardScores]
# Claims, and texts that stand below them.
Group = Callable[[Cards], Iterable[Claim | str]]
# CPU seconds to load a victim and write the reports of a card, for the estimate alone.
START = 30.0
TABLES = ('Recognisers', 'Skeletons', 'Poses')


@dataclass(frozen=True, kw_only=True)
class CardVictim(VictimSpec):
    """A model with its card.

    Attributes:
        card: Config of what the card holds; relative to the spec.
        windows: Whether samples are windows of videos, of which those of one are a unit.
        samples: Of the test set at most; 0: as many as of others.
        seconds: CPU seconds per sample, for the estimate alone.
    """

    card: str
    windows: bool = False
    samples: int = 0
    seconds: float = 10.0


@dataclass(kw_only=True)
class CardStudy(Study):
    """Cards side by side; a subclass says what is claimed of them.

    Attributes:
        samples: Of each test set, at most.
    """

    samples: int

    victim_type: ClassVar[type[VictimSpec]] = CardVictim
    # Title of a section -> its claims; one without any is left out.
    groups: ClassVar[Mapping[str, Group]] = {}
    # Attributes of a victim that are the name of another one, or ''.
    others: ClassVar[tuple[str, ...]] = ()
    note: ClassVar[str] = (
        'Scores in per cent, costs and gains in points of it; in brackets 95 % intervals, by '
        'resampling of units: videos, or pictures. A claim held if all of its interval is above '
        'zero, did not hold if all of it is below, and is undecided otherwise.'
    )

    def check(self) -> None:
        """Refuse victims that are compared with nobody known."""
        names = [victim.name for victim in self.victims]
        for victim in self.victims:
            for key in self.others:
                other, where = getattr(victim, key), f'{key} of victim {victim.name}'
                require(not other or other in names, where, f'one of {names}', other)

    def jobs(self, victim: Any) -> Iterator[StudyJob]:
        """Its card."""
        samples = self._samples(victim)
        words: list[object] = [self.config(victim), self.checkpoint(victim)]
        words += ['--card', (self.home / victim.card).resolve(), '--max-samples', samples]
        options = ['settings.previews=0', *victim.options]
        seconds = START + samples * victim.seconds
        yield StudyJob(_place(victim), 'card', words, options, seconds=seconds)

    def sections(self) -> Iterator[Section]:
        """What costs which victim how much, what the cues say, and the claims by group."""
        cards = {victim.name: self._scores(victim) for victim in self.victims}
        for title in TABLES:
            some = [card for card in cards.values() if card.kinds and _table(card) == title]
            if some:
                yield costs(title, some)
        if some := [card for card in cards.values() if card.cues]:
            yield cue_scores('Cues', some)
        for title, group in self.groups.items():
            parts = list(group(cards))
            claims = [part for part in parts if isinstance(part, Claim)]
            texts = [part for part in parts if isinstance(part, str)]
            if claims:
                yield Section(title, '\n\n'.join([table(claims), *texts]), claims)

    def _scores(self, victim: Any) -> CardScores:
        head = Config.fromfile(self.config(victim)).model.get('cls_head') or {}
        place, samples = self.folder / _place(victim), self._samples(victim)
        return card_scores(place, victim, samples, head.get('num_classes', 0))

    def _samples(self, victim: Any) -> int:
        found: int = victim.samples or self.samples
        return found


def pairs(cards: Cards, key: str) -> Iterator[tuple[CardScores, CardScores]]:
    """Each victim that names another one, behind that one.

    Args:
        cards: Of all victims.
        key: The attribute of a victim that names it.

    Raises:
        ValueError: Their cards are not of the same units.
    """
    for card in cards.values():
        if name := getattr(card.victim, key):
            same, where = cards[name].units == card.units, f'{key} of victim {card.victim.name}'
            require(same, where, 'on the same samples', name)
            yield cards[name], card


def _table(card: CardScores) -> str:
    """The table of costs that a victim is in: kinds of skeletons are others than of frames."""
    if card.card.get('change_unit'):
        return 'Skeletons'
    return 'Poses' if card.card['unit'] == 'joints' else 'Recognisers'


def _place(victim: VictimSpec) -> Path:
    return Path(victim.name, 'card')
