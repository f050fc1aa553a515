"""What the runs of a card say of a victim, by units; tables and claims are made of it.

Shapes: U units. A unit is a video, or a picture with its persons; its score is the mean of its
samples', 1 or 0 as a recogniser is right, the share of right joints of a pose.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from mmrobust.evaluation.card import adversarial_score
from mmrobust.evaluation.card_files import CORRUPTIONS, read_card
from mmrobust.evaluation.clusters import video_of
from mmrobust.evaluation.corruptions import (
    CLEAN,
    Numbers,
    cell_name,
    control_name,
    corruption_summary,
    score,
)
from mmrobust.evaluation.summary import evaluated
from mmrobust.studies.results import Row, rows_of

# The largest grey level.
PEAK = 255.0


@dataclass(frozen=True)
class CardScores:
    """One victim's card.

    Attributes:
        victim: Whose, a :class:`~mmrobust.studies.card_study.CardVictim`.
        rows: Lines of the corruption run, of samples that have a score, ``unit`` among them.
        attacks: Name on the card -> lines of its run on the same samples.
        card: The card itself.
        classes: Names by label, or numbers; none of poses.
    """

    victim: Any
    rows: Sequence[Row]
    attacks: Mapping[str, Sequence[Row]]
    card: Mapping[str, Any]
    classes: Sequence[str]

    @cached_property
    def units(self) -> list[Any]:
        """In order of their first sample."""
        return list(dict.fromkeys(row['unit'] for row in self.rows))

    @property
    def kinds(self) -> dict[str, str]:
        """Kind -> group, of those without holes."""
        corrupted = self.card['corruptions']
        holes = {cell.split('/')[0] for cell in corrupted['holes']}
        return {k: of['group'] for k, of in corrupted['kinds'].items() if k not in holes}

    @property
    def cues(self) -> list[str]:
        """Names of cues without holes; cards of earlier versions have none."""
        found = (self.card.get('cues') or {}).get('cues') or {}
        return [name for name, cue in found.items() if not cue['holes']]

    @property
    def severities(self) -> list[int]:
        """Which the card has."""
        return list(self.card['corruptions']['severities'])

    @cached_property
    def summary(self) -> dict[str, Any]:
        """mPC, rPC and the worst cell, of these units."""
        return corruption_summary(self.rows, self.kinds, self.severities)

    @property
    def chance(self) -> float:
        """The score of a recogniser that knows nothing, of classes that are alike in number."""
        return 1 / len(self.classes)

    def cell(self, *names: str) -> Numbers:
        """Mean score over some cells, (U,)."""
        return self._by_unit(
            self.rows, lambda row: np.mean([_known(score(row['cells'][name])) for name in names])
        )

    @property
    def clean(self) -> Numbers:
        """Score when clean, (U,)."""
        return self.cell(CLEAN)

    def kind(self, *kinds: str) -> Numbers:
        """Mean score over kinds and severities, (U,)."""
        return self.cell(*(cell_name(kind, s) for kind in kinds for s in self.severities))

    def noise(self, *kinds: str) -> Numbers:
        """The same under white noise of the size of each cell, (U,)."""
        return self.cell(*(control_name(kind, s) for kind in kinds for s in self.severities))

    def scenery(self, cue: str) -> Numbers:
        """Share that is taken for the class of the video whose scenery a cue shows, (U,)."""
        return self._by_unit(self.rows, lambda row: _taken_in(row['cells'][cue]))

    @property
    def controlled(self) -> list[str]:
        """Kinds that have white noise beside."""
        first = self.rows[0]['cells']
        return [k for k in self.kinds if control_name(k, self.severities[0]) in first]

    def sizes(self) -> dict[str, float]:
        """Cell -> root mean square error in grey levels over all samples, where frames compare."""
        names = [cell_name(kind, s) for kind in self.kinds for s in self.severities]
        known = {name: [row['cells'][name].get('psnr') for row in self.rows] for name in names}
        return {
            name: float(np.sqrt(np.mean([PEAK**2 / 10 ** (each / 10) for each in of])))
            for name, of in known.items()
            if None not in of
        }

    def under(self, attack: str) -> Numbers:
        """Score under an attack, (U,)."""
        unit = {row['name']: row['unit'] for row in self.rows}
        lines = [
            row | {'unit': unit[row['name']]} for row in self.attacks[attack] if row['name'] in unit
        ]
        return self._by_unit(lines, lambda row: _known(adversarial_score(row)))

    def _by_unit(self, rows: Sequence[Row], value: Callable[[Row], Any]) -> Numbers:
        values: dict[Any, list[float]] = {unit: [] for unit in self.units}
        for row in rows:
            values[row['unit']].append(float(value(row)))
        return np.array([np.mean(of) for of in values.values()])


def card_scores(folder: Path, victim: Any, limit: int, classes: int) -> CardScores:
    """A finished card, read back.

    Args:
        folder: Of the card.
        victim: Whose, a :class:`~mmrobust.studies.card_study.CardVictim`.
        limit: Only of the first so many samples.
        classes: How many there are, where the data set has no names for them.
    """
    card = read_card(folder)
    rows = [
        row | ({'unit': video_of(row)} if victim.windows else {})
        for row in evaluated(rows_of(folder / CORRUPTIONS, limit))
        if score(row['cells'][CLEAN]) is not None
    ]
    names = [one['name'] for one in card['attacks']]
    attacks = {name: evaluated(rows_of(folder / name, limit)) for name in names}
    return CardScores(victim, rows, attacks, card, _classes(folder, names, classes))


def _classes(folder: Path, attacks: Sequence[str], number: int) -> list[str]:
    """Their names, which reports of attacks have, or numbers."""
    for attack in attacks[:1]:
        report = json.loads((folder / attack / 'report.json').read_text(encoding='utf-8'))
        if report.get('classes'):
            return list(report['classes'])
    return [str(label) for label in range(number)]


def _taken_in(cell: Mapping[str, Any]) -> bool:
    return bool(cell['prediction'] == cell['background'])


def _known(value: float | None) -> float:
    assert value is not None, 'samples without annotation are left out before'
    return value
