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
from mmrobust.evaluation.card_files import read_card
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
from projects.robustness_card.victims import CardVictim


@dataclass(frozen=True)
class Found:
    """One victim's card.

    Attributes:
        victim: Whose.
        rows: Lines of the corruption run, of samples that have a score, ``unit`` among them.
        attacks: Name on the card -> lines of its run on the same samples.
        card: The card itself.
        classes: Names by label, or numbers; none of poses.
    """

    victim: CardVictim
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

    @property
    def controlled(self) -> list[str]:
        """Kinds that have white noise beside."""
        first = self.rows[0]['cells']
        return [k for k in self.kinds if control_name(k, self.severities[0]) in first]

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


def found_in(folder: Path, victim: CardVictim, limit: int, classes: int) -> Found:
    """A finished card, read back.

    Args:
        folder: Of the card.
        victim: Whose.
        limit: Only of the first so many samples.
        classes: How many there are, where the data set has no names for them.
    """
    card = read_card(folder)
    rows = [
        row | ({'unit': video_of(row)} if victim.windows else {})
        for row in evaluated(rows_of(folder / 'corruptions', limit))
        if score(row['cells'][CLEAN]) is not None
    ]
    names = [one['name'] for one in card['attacks']]
    attacks = {each: evaluated(rows_of(folder / each, limit)) for each in names}
    # Reports of attacks name the classes.
    report = json.loads((folder / names[0] / 'report.json').read_text(encoding='utf-8'))
    names = list(report.get('classes') or map(str, range(classes)))
    return Found(victim, rows, attacks, card, names)


def _known(value: float | None) -> float:
    assert value is not None, 'samples without annotation are left out before'
    return value
