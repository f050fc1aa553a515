"""The runs on a victim, and what they come to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from claims import claims, fooled

from mmrobust.engine.attack_configs import attack_config
from mmrobust.evaluation.claims import table
from mmrobust.studies.attack_study import AttackStudy, Run
from mmrobust.studies.results import attacked_rows
from mmrobust.studies.section import Section
from mmrobust.studies.study import VictimSpec

ARMS = ('pgd', 'mi_fgsm')
# CPU seconds to load a victim and write a report, and of a sample; for the estimate alone.
START, SAMPLE = 4.0, 1.0


@dataclass(kw_only=True)
class TwoAttacks(AttackStudy):
    """Two attacks at several budgets.

    Attributes:
        eps: The budgets of l_inf, grey levels.
        samples: Of the test set, at most.
    """

    eps: Sequence[float]
    samples: int

    def runs(self, victim: VictimSpec) -> Iterator[Run]:
        """Every arm at every budget."""
        for eps in self.eps:
            for arm in ARMS:
                yield Run(
                    key=(arm, eps),
                    place=Path(f'{arm}_eps{eps:g}'),
                    attack=attack_config(arm) | {'threat': {'type': 'Linf', 'eps': eps}},
                    samples=self.samples,
                    seconds=START + self.samples * SAMPLE,
                )

    def sections(self) -> Iterator[Section]:
        """One per victim: its claims as text, and its numbers for the page."""
        for victim in self.victims:
            runs = list(self.runs(victim))
            found = {run.key: attacked_rows(self.at(victim, run), self.samples) for run in runs}
            verdicts = claims(found, self.eps)
            rows = [
                {'victim': victim.name, 'arm': arm, 'eps': eps, 'fooled': fooled(lines)}
                for (arm, eps), lines in found.items()
            ]
            yield Section(victim.name, table(verdicts), verdicts, rows=rows)
