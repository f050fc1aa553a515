"""The runs on a data set, and what they come to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from mmengine.config import Config

from mmrobust.evaluation.carried import carried
from mmrobust.evaluation.claims import Claim, table
from mmrobust.evaluation.clusters import measured
from mmrobust.studies.job import StudyJob, Written
from mmrobust.studies.results import sweep_of, transfer_of
from mmrobust.studies.section import Section
from mmrobust.studies.study import Study, VictimSpec
from projects.optical_flow_attack.claims import claims
from projects.optical_flow_attack.prepare import WHITE, DataSet, FlowVictim
from projects.optical_flow_attack.tables import SHORT, tables

BACKENDS = (WHITE, 'TVL1', 'Farneback')
# CPU seconds of an attack on a stack, of a video's stacks, and of one that is carried over,
# where OpenCV's TV-L1 for every candidate takes the time; for the estimate alone.
SECONDS = {'OneShot': 0.1, 'IterativeSaliency': 0.6, 'IterativeSaliencyRG': 1.5}
LEVELS = {'stack': 1, 'video': 5}
CARRYING = 4
# The paper: RG stops when the black box is fooled, one-shot needs no such test.
CARRIED = {'OneShot': 'source', 'IterativeSaliencyRG': 'target'}


@dataclass(kw_only=True)
class FlowStudy(Study):
    """The attacks of the paper, white box at two levels, and carried over.

    Attributes:
        eps: Budgets, of the range 0..1; the first, middle and last are carried over.
    """

    eps: Sequence[float]

    victim_type: ClassVar[type[VictimSpec]] = FlowVictim

    @property
    def grey(self) -> list[float]:
        """Budgets in grey levels."""
        return [round(255 * value, 4) for value in self.eps]

    def data_set(self, victim: FlowVictim) -> DataSet:
        """The flow of a data set and the recognisers on it."""
        return DataSet(victim, self.home, self.folder / victim.name)

    def prepare(self, victim: FlowVictim) -> None:
        """Estimator, flow and flow CNNs."""
        self.data_set(victim).prepare(BACKENDS)

    def jobs(self, victim: FlowVictim) -> Iterator[StudyJob]:
        """Every attack carried over, and at both levels; the longest first."""
        for attack in reversed(CARRIED):
            yield self.carrying(victim, attack)
        for attack in reversed(SHORT):
            for level in LEVELS:
                yield self.white_box(victim, level, attack)

    def white_box(self, victim: FlowVictim, level: str, attack: str) -> StudyJob:
        """An attack at every budget on the FlowNet2 victim."""
        data, limit = self.data_set(victim), _limit(victim, level)
        given = _told(data, WHITE, level) | {'attack.goal.reference': victim.reference}
        if level == 'video' and attack != 'OneShot':
            given['attack.level'] = 'video'
        words: list[object] = [data.config(level), data.checkpoint(WHITE), '--attack', attack]
        return StudyJob(
            _place(victim, level, attack),
            'sweep',
            [*words, '--max-samples', limit, '--eps', *self.grey],
            [f'{key}={value}' for key, value in given.items()],
            [data.tuned],
            limit * len(self.eps) * SECONDS[attack] * LEVELS[level],
        )

    def carrying(self, victim: FlowVictim, attack: str) -> StudyJob:
        """An attack carried from the FlowNet2 victim to all."""
        data, eps = self.data_set(victim), self.grey
        chosen = sorted({eps[0], eps[len(eps) // 2], eps[-1]})
        cfg = Config.fromfile(data.config('stack'))
        cfg.merge_from_dict(data.data_options('stack'))
        victims = {
            backend: {
                'config': str(data.config('stack')),
                'checkpoint': str(data.checkpoint(backend)),
                'overrides': _told(data, backend, 'stack'),
            }
            for backend in BACKENDS
        }
        spec = {
            'data': cfg.test_dataloader.to_dict(),
            'victims': victims,
            'sources': [WHITE],
            'attacks': {attack: {'type': attack, 'goal': {'reference': victim.reference}}},
            'eps': chosen,
            'success_on': CARRIED[attack],
        }
        return StudyJob(
            _place(victim, 'transfer', attack),
            'transfer',
            [Written('spec.py', spec), '--max-samples', victim.carried],
            inputs=[data.tuned, *map(data.checkpoint, BACKENDS)],
            seconds=victim.carried * len(chosen) * SECONDS[attack] * CARRYING,
        )

    def sections(self) -> Iterator[Section]:
        """One per data set."""
        for victim in self.victims:
            levels = {level: {a: self.swept(victim, level, a) for a in SHORT} for level in LEVELS}
            moved = {
                a: transfer_of(self.folder / _place(victim, 'transfer', a), victim.carried)
                for a in CARRIED
            }
            verdicts = self.claims(victim, levels, moved)
            yield Section(victim.name, f'{tables(levels, moved)}\n{table(verdicts)}', verdicts)

    def swept(self, victim: FlowVictim, level: str, attack: str) -> dict[str, Any]:
        """What a sweep found."""
        out = self.folder / _place(victim, level, attack)
        return sweep_of(out, self.grey, _limit(victim, level))

    def claims(
        self, victim: FlowVictim, levels: Mapping[str, Any], moved: Mapping[str, Any]
    ) -> list[Claim]:
        """The claims, of what the ledgers hold."""
        by_level = {
            level: {attack: measured(found['rows']) for attack, found in sweeps.items()}
            for level, sweeps in levels.items()
        }
        by_target = {attack: carried(found['rows'], WHITE) for attack, found in moved.items()}
        classes = Config.fromfile(self.config(victim)).model.cls_head.num_classes
        return claims(by_level, by_target, self.grey, classes)


def _place(victim: VictimSpec, kind: str, attack: str) -> Path:
    return Path(victim.name, f'{kind}_{attack.lower()}')


def _limit(victim: FlowVictim, level: str) -> int:
    """How many samples are attacked."""
    return victim.samples if level == 'stack' else victim.whole


def _told(data: DataSet, backend: str, level: str) -> dict[str, Any]:
    """What a config has to be told of flow and data."""
    model = {f'model.flow_estimator.{k}': v for k, v in data.estimator(backend).items()}
    return model | data.data_options(level)
