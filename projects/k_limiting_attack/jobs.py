"""The runs on a victim, and what they come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from mmengine.config import Config

from mmrobust.cli.options import overridden
from mmrobust.compat.checkpoints import load_from_local
from mmrobust.evaluation.claims import table
from mmrobust.evaluation.pose_samples import samples_of
from mmrobust.studies.contact_sheet import Sheet
from mmrobust.studies.job import Job, Written
from mmrobust.studies.mean_pose import mean_pose
from mmrobust.studies.results import attacked_rows, card_of
from mmrobust.studies.section import Frame, Section
from mmrobust.studies.study import Study, Victim
from projects.k_limiting_attack import claims, figures, tables
from projects.k_limiting_attack.arms import ARMS, CURVE, NORMS, attack
from projects.k_limiting_attack.claims import Results

# CPU seconds to load a victim and write a report, and of a step of one sample; for
# the estimate alone.
START, STEP = 3.0, 0.04
# Not learned: not counted as parameters.
STATISTICS = ('running_mean', 'running_var', 'num_batches_tracked')


@dataclass(frozen=True, kw_only=True)
class Head(Victim):
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


@dataclass(frozen=True)
class Run:
    """One arm.

    Attributes:
        goal: ``untargeted`` or a target.
        norm: Of the budget.
        arm: Among those of the arms module.
        eps: Budget, RMSE in grey levels.
        curve: Part of the curve: all steps are taken, success or not.
    """

    goal: str
    norm: str
    arm: str
    eps: float
    curve: bool = False

    def place(self, victim: Victim) -> Path:
        """Where its files lie, below the work folder."""
        kind = f'curve_eps{self.eps:g}' if self.curve else f'{self.goal}_{self.norm}'
        return Path(victim.name, f'{kind}_{self.arm}')


@dataclass(kw_only=True)
class KLimitingStudy(Study):
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

    victim_type: ClassVar[type[Victim]] = Head

    @property
    def frame(self) -> Frame:
        """Title, remark and note."""
        remark = 'A quick run: one victim after a minute of training, few samples.'
        remark = f'{remark} It proves nothing.' if self.quick else ''
        return Frame('K-limiting attack', 'KAA and KAA+ER', remark, tables.NOTE)

    def runs(self, victim: Head) -> Iterator[Run]:
        """All runs on a victim."""
        for norm in NORMS:
            for goal in ('untargeted', *victim.targets):
                for arm in ARMS:
                    yield Run(goal, norm, arm, self.eps)
        for eps in self.curve:
            for arm in CURVE:
                yield Run('untargeted', 'linf', arm, eps, curve=True)

    def attack(self, victim: Head, run: Run) -> dict[str, Any]:
        """The config of a run's attack."""
        return attack(
            run.arm,
            run.norm,
            run.goal,
            rmse=run.eps,
            values=victim.values,
            steps=self.steps,
            stop=not run.curve,
        )

    def target(self, goal: str) -> str:
        """What ``victim.target`` has to be for a goal."""
        return str(self.data('mouse') / 'mirrored.json') if goal == 'mirrored' else goal

    def jobs(self, victim: Head) -> Iterator[Job]:
        """One per run."""
        told: list[object] = [self.config(victim), self.checkpoint(victim)]
        test = [self.data(victim.source) / 'test.json'] if victim.source else []
        for run in self.runs(victim):
            content = {'attack': self.attack(victim, run)}
            words = [*told, '--attack', Written('attack.py', content)]
            options, inputs = ['settings.previews=0', *victim.options], list(test)
            if run.goal != 'untargeted':
                options.append(f'victim.target={self.target(run.goal)}')
                inputs += [Path(self.target(run.goal))] if run.goal == 'mirrored' else []
            # A mask costs about as much as one step per joint or coordinate.
            masks = 20 if run.arm in ('er', 'random', 'gradient') else 0
            steps = 1 if run.arm in ('fgsm', 'noise') else self.steps
            yield Job(
                run.place(victim),
                'attack',
                [*words, '--max-samples', self.samples],
                options,
                inputs,
                # If no sample is fooled before the last step.
                START + self.samples * STEP * (steps + masks),
            )

    def found(self, victim: Head) -> Results:
        """What all runs on a victim found."""
        found = {
            run: samples_of(
                attacked_rows(self.folder / run.place(victim), self.samples), victim.within
            )
            for run in self.runs(victim)
        }
        return Results(
            {(run.goal, run.norm, run.arm): s for run, s in found.items() if not run.curve},
            {(run.arm, run.eps): s for run, s in found.items() if run.curve},
            victim.within,
        )

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
                plots = figures.heads(data, heads)
                yield Section(f'Heads on {data}', table(verdicts), verdicts, plots)

    def section(self, victim: Head, found: Results) -> Section:
        """The tables, claims and curves of one victim."""
        budget = f'budget: RMSE {self.eps:g}, at most {self.steps} steps'
        verdicts = claims.claims(found)
        counts = Counter(claim.verdict for claim in verdicts)
        parts = [
            self.sight(victim, found),
            f'Untargeted; {budget}',
            tables.untargeted(found),
            f'Targeted; {budget}',
            tables.targeted(found),
            f'PCK@{found.within:g} and error, %, over eps of l_inf (noise: its RMSE); all steps '
            'are taken',
            tables.curve(found),
            table(verdicts),
            ', '.join(f'{verdict}: {count}' for verdict, count in counts.items()),
        ]
        plots, rows = figures.arms(victim.name, found), tables.rows(victim.name, found)
        return Section(victim.name, '\n\n'.join(parts), verdicts, plots, rows)

    def sight(self, victim: Head, found: Results) -> str:
        """What the victim is, and how well it does."""
        blind = mean_pose(self._cfg(victim), self.samples, victim.within)
        state = load_from_local(str(self.checkpoint(victim)), map_location='cpu')['state_dict']
        learned = [value for name, value in state.items() if not name.endswith(STATISTICS)]
        size = f'{sum(value.numel() for value in learned) / 1e6:.2f} M parameters'
        run = next(self.runs(victim))
        clean = tables.clean(found, card_of(self.folder / run.place(victim)), blind)
        return f'{size}, trained from scratch. {clean}'

    def contact_sheet(self, victim: Head, found: Results) -> None:
        """Some samples of KAA+ER, fooled ones first; drawn once per run."""
        runs = {goal: Run(goal, 'linf', 'er', self.eps) for goal in ('untargeted', *victim.targets)}
        path = self.folder / victim.name / 'contact_sheet.png'
        made = self.folder / runs['untargeted'].place(victim) / 'plan.json'
        if path.exists() and path.stat().st_mtime >= made.stat().st_mtime:
            return
        tried = found.arms['untargeted', 'linf', 'er']
        order = sorted(tried, key=lambda index: (not tried[index].success, index))
        # Without a sample that was worth an attack, what the victim sees at all.
        indices = order[: self.pictures] or range(self.pictures)
        attacks = {
            goal: (self.attack(victim, run), None if goal == 'untargeted' else self.target(goal))
            for goal, run in runs.items()
        }
        Sheet(self._cfg(victim), self.checkpoint(victim), indices).write(path, attacks)

    def _cfg(self, victim: Head) -> Config:
        return overridden(str(self.config(victim)), 'CONFIG', victim.options)
