"""The runs on a victim, and what they come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from mmengine.config import Config

from mmrobust.cli.options import overridden
from mmrobust.evaluation.claims import table
from mmrobust.evaluation.pose_results import PoseResults
from mmrobust.evaluation.pose_samples import Samples, samples_of
from mmrobust.evaluation.pose_tables import PoseTables
from mmrobust.studies.attack_study import AttackStudy, Run
from mmrobust.studies.contact_sheet import Sheet
from mmrobust.studies.mean_pose import mean_pose
from mmrobust.studies.results import attacked_rows, card_of, parameters
from mmrobust.studies.section import Section
from mmrobust.studies.study import VictimSpec
from mmrobust.visualization.pose_curves import arm_curves, victim_curves
from projects.k_limiting_attack import claims
from projects.k_limiting_attack.arms import ARMS, CURVE, MOVED, NAMES, NORMS, NOTE, attack

# CPU seconds to load a victim and write a report, and of a step of one sample; for
# the estimate alone.
START, STEP = 3.0, 0.04


@dataclass(frozen=True, kw_only=True)
class Head(VictimSpec):
    """One head on one data set.

    Attributes:
        head: What the estimator ends in.
        data: What it was trained on; heads on the same are compared.
        size: Width and height of the crops.
        within: How near to its annotation a joint is right, in longer sides of the box.
        targets: Of the targeted attacks.
    """

    head: str
    data: str
    size: tuple[int, int]
    within: float
    targets: Sequence[str]

    @property
    def values(self) -> int:
        """Numbers in a crop: 3 channels of width times height."""
        return 3 * self.size[0] * self.size[1]


@dataclass(kw_only=True)
class KLimitingStudy(AttackStudy):
    """KAA and KAA+ER, and what they are compared with.

    Attributes:
        samples: Of the test set, at most.
        steps: Of an iterative attack.
        eps: Budget of the tables, RMSE in grey levels.
        curve: Budgets of the curve, likewise, ascending.
        pictures: Samples on the contact sheet.
    """

    samples: int
    steps: int
    eps: float
    curve: Sequence[float]
    pictures: int

    note: ClassVar[str] = NOTE
    victim_type: ClassVar[type[VictimSpec]] = Head

    def runs(self, victim: Head) -> Iterator[Run]:
        """All runs on a victim."""
        for norm in NORMS:
            for goal in ('untargeted', *victim.targets):
                for arm in ARMS:
                    yield self.run(victim, goal, norm, arm)
        for eps in self.curve:
            for arm in CURVE:
                yield self.run(victim, 'untargeted', 'linf', arm, eps)

    def run(self, victim: Head, goal: str, norm: str, arm: str, eps: float | None = None) -> Run:
        """A run; with ``eps`` one of the curve: all steps are taken, success or not."""
        kind = f'{goal}_{norm}' if eps is None else f'curve_eps{eps:g}'
        rmse = self.eps if eps is None else eps
        size, steps, stop = victim.values, self.steps, eps is None
        inputs = [self.data(victim.source) / 'test.json'] if victim.source else []
        inputs += [Path(self.target(goal))] if goal == 'mirrored' else []
        # A mask costs about as much as one step per joint or coordinate.
        masks = 20 if arm in ('er', 'random', 'gradient') else 0
        passes = masks + (1 if arm in ('fgsm', 'noise') else steps)
        return Run(
            key=(goal, norm, arm) if eps is None else (arm, eps),
            place=Path(f'{kind}_{arm}'),
            attack=attack(arm, norm, goal, rmse=rmse, values=size, steps=steps, stop=stop),
            samples=self.samples,
            options=[] if goal == 'untargeted' else [f'victim.target={self.target(goal)}'],
            inputs=inputs,
            # If no sample is fooled before the last step.
            seconds=START + self.samples * STEP * passes,
        )

    def target(self, goal: str) -> str:
        """What ``victim.target`` has to be for a goal."""
        return str(self.data('mouse') / 'mirrored.json') if goal == 'mirrored' else goal

    def found(self, victim: Head) -> PoseResults:
        """What all runs on a victim found."""
        arms, curve = dict[Any, Samples](), dict[Any, Samples]()
        for run in self.runs(victim):
            lines = attacked_rows(self.at(victim, run), self.samples)
            (arms if len(run.key) == 3 else curve)[run.key] = samples_of(lines, victim.within)
        return PoseResults(arms, curve, victim.within)

    def sections(self) -> Iterator[Section]:
        """One per victim, and one per data set that compares its heads."""
        for data in dict.fromkeys(victim.data for victim in self.victims):
            heads = {}
            for victim in self.victims:
                if victim.data == data:
                    heads[victim.head] = self.found(victim)
                    self.contact_sheet(victim, heads[victim.head])
                    yield self.section(victim, heads[victim.head])
            if len(heads) > 1:
                verdicts = claims.heads(heads)
                plots = victim_curves(f'{data}, KAA on every head', heads, 'kaa', 'td-reg')
                yield Section(f'Heads on {data}', table(verdicts), verdicts, plots)

    def section(self, victim: Head, found: PoseResults) -> Section:
        """The tables, claims and curves of one victim."""
        budget = f'budget: RMSE {self.eps:g}, at most {self.steps} steps'
        lists = PoseTables(found, NAMES, 'kaa')
        verdicts = claims.claims(found)
        counts = Counter(claim.verdict for claim in verdicts)
        parts = [
            self.sight(victim, lists),
            f'Untargeted; {budget}',
            lists.untargeted(),
            f'Targeted; {budget}',
            lists.targeted(),
            f'PCK@{found.within:g} and error, %, over eps of l_inf (noise: its RMSE); all steps '
            'are taken',
            lists.curve(),
            table(verdicts),
            ', '.join(f'{verdict}: {count}' for verdict, count in counts.items()),
        ]
        plots = arm_curves(victim.name, found, NAMES, 'er')
        return Section(victim.name, '\n\n'.join(parts), verdicts, plots, lists.rows(victim.name))

    def sight(self, victim: Head, lists: PoseTables) -> str:
        """What the victim is, and how well it does."""
        blind = mean_pose(self._cfg(victim), self.samples, victim.within)
        size = f'{parameters(self.checkpoint(victim)) / 1e6:.2f} M parameters'
        run = next(self.runs(victim))
        clean = lists.clean(card_of(self.at(victim, run)), blind, MOVED)
        return f'{size}, trained from scratch. {clean}'

    def contact_sheet(self, victim: Head, found: PoseResults) -> None:
        """Some samples of KAA+ER, fooled ones first; drawn once per run."""
        goals = ('untargeted', *victim.targets)
        runs = {goal: self.run(victim, goal, 'linf', 'er') for goal in goals}
        path = self.folder / victim.name / 'contact_sheet.png'
        made = self.at(victim, runs['untargeted']) / 'plan.json'
        if path.exists() and path.stat().st_mtime >= made.stat().st_mtime:
            return
        tried = found.arms['untargeted', 'linf', 'er']
        order = sorted(tried, key=lambda index: (not tried[index].success, index))
        # Without a sample that was worth an attack, what the victim sees at all.
        indices = order[: self.pictures] or range(self.pictures)
        attacks = {
            goal: (dict(run.attack), None if goal == 'untargeted' else self.target(goal))
            for goal, run in runs.items()
        }
        Sheet(self._cfg(victim), self.checkpoint(victim), indices).write(path, attacks)

    def _cfg(self, victim: Head) -> Config:
        return overridden(str(self.config(victim)), 'CONFIG', victim.options)
