"""A card of every victim, and what they come to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from mmengine.config import Config

from mmrobust.functional.checks import require
from mmrobust.studies.job import StudyJob
from mmrobust.studies.section import Section
from mmrobust.studies.study import Study, VictimSpec
from projects.robustness_card import (
    claims_attack,
    claims_noise,
    claims_order,
    claims_reversal,
    claims_still,
    claims_training,
)
from projects.robustness_card.found import Found, found_in
from projects.robustness_card.tables import costs
from projects.robustness_card.victims import SEES, CardVictim

# A group of claims is a module: of all victims by name it makes a section, or none.
GROUPS = (
    claims_reversal,
    claims_order,
    claims_still,
    claims_noise,
    claims_attack,
    claims_training,
)
# CPU seconds to load a victim and write the reports of a card, for the estimate alone.
START = 30.0


@dataclass(kw_only=True)
class CardStudy(Study):
    """Cards side by side.

    Attributes:
        samples: Of each test set, at most.
    """

    samples: int

    victim_type: ClassVar[type[VictimSpec]] = CardVictim
    note: ClassVar[str] = (
        'Scores in per cent, costs and gains in points of it; in brackets 95 % intervals, by '
        'resampling of units: videos, or pictures. A claim held if all of its interval is above '
        'zero, did not hold if all of it is below, and is undecided otherwise.'
    )

    def check(self) -> None:
        """Refuse victims that see nothing known, or are compared with nobody known."""
        names = [victim.name for victim in self.victims]
        for victim in self.victims:
            where = f'of victim {victim.name}'
            require(victim.sees in SEES, f'sees {where}', f'one of {SEES}', victim.sees)
            for key in ('rival', 'plain'):
                other = getattr(victim, key)
                require(not other or other in names, f'{key} {where}', f'one of {names}', other)

    def jobs(self, victim: CardVictim) -> Iterator[StudyJob]:
        """Its card."""
        samples = self._samples(victim)
        words: list[object] = [self.config(victim), self.checkpoint(victim)]
        words += ['--card', (self.home / victim.card).resolve(), '--max-samples', samples]
        options = ['settings.previews=0', *victim.options]
        seconds = START + samples * victim.seconds
        yield StudyJob(_place(victim), 'card', words, options, seconds=seconds)

    def sections(self) -> Iterator[Section]:
        """What costs which victim how much, and the claims by group."""
        found = {victim.name: self._found(victim) for victim in self.victims}
        for title, pictures in (('Videos', False), ('Pictures', True)):
            some = [f for f in found.values() if (f.victim.sees == 'pictures') == pictures]
            if some:
                yield costs(title, some)
        for group in GROUPS:
            section = group.section(found)
            if section.claims:
                yield section

    def _found(self, victim: CardVictim) -> Found:
        head = Config.fromfile(self.config(victim)).model.get('cls_head') or {}
        place, samples = self.folder / _place(victim), self._samples(victim)
        return found_in(place, victim, samples, head.get('num_classes', 0))

    def _samples(self, victim: CardVictim) -> int:
        return victim.samples or self.samples


def _place(victim: VictimSpec) -> Path:
    return Path(victim.name, 'card')
