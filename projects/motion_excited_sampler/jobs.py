"""The runs on a victim, and what they come to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from mmengine.config import Config

from mmrobust.evaluation.arms import Arm
from mmrobust.evaluation.claims import table
from mmrobust.evaluation.query_table import NOTE, query_table, searches
from mmrobust.studies.attack_study import AttackStudy, Run
from mmrobust.studies.clips import Clips, mean_motion, start_list
from mmrobust.studies.results import query_arm
from mmrobust.studies.section import Section
from mmrobust.studies.study import VictimSpec
from mmrobust.visualization.arm_figures import cosine_plots
from mmrobust.visualization.noise_picture import noise_picture
from projects.motion_excited_sampler import arms
from projects.motion_excited_sampler.claims import claims
from projects.motion_excited_sampler.tables import FIRST, curves, same_as_one_noise
from projects.motion_excited_sampler.tables import table as arm_rows

# Too small for any success: the cosines of all arms are over equally many rounds.
STILL = 0.4
# CPU seconds to load a victim and write a report, for the estimate alone.
START = 4.0
# Goal -> arm -> what was measured.
Goals = dict[str, dict[str, Arm]]


@dataclass(frozen=True, kw_only=True)
class SampledVictim(VictimSpec):
    """A recogniser with its task.

    Attributes:
        eps: Budget of l_inf in grey levels by goal, chosen from pilot runs so that some
            videos are fooled and medians are above 300 queries, which the claims check.
        right: About what share of the videos it has right.
        seconds: CPU seconds per query, for the estimate alone.
        far: Budget of a search from a clip of the target class that has the time to arrive;
            0: none.
        more: So many times the videos of other victims are attacked by the four samplers.
    """

    eps: Mapping[str, float]
    right: float
    seconds: float
    far: int = 0
    more: int = 1


@dataclass(kw_only=True)
class SamplerStudy(AttackStudy):
    """The four samplers on one estimator, and the rivals.

    Attributes:
        videos: Attacked by the four arms, about, by goal; of some victims more.
        few: Likewise by all others, untargeted.
        far: Likewise from a clip of the target class, with the budget of the victim's ``far``.
        budgets: Queries per video by goal.
        seeds: Of the attacks.
    """

    videos: Mapping[str, int]
    few: int
    far: int
    budgets: Mapping[str, int]
    seeds: Sequence[int]

    note: ClassVar[str] = NOTE
    victim_type: ClassVar[type[VictimSpec]] = SampledVictim

    def runs(self, victim: SampledVictim) -> Iterator[Run]:
        """All runs on a victim."""
        first = self.seeds[0]
        if victim.far and self.far:
            yield self._run(victim, 'far', arms.STARTED, first, self.far, victim.far)
        for seed in self.seeds:
            for goal, arm in self._compared(first=seed == first):
                videos = self.videos[goal] if arm in arms.MANY else self.few
                if arm in arms.ARMS and goal != 'cosine':
                    videos *= victim.more
                yield self._run(victim, goal, arm, seed, videos, self.budgets[goal])

    def _compared(self, first: bool) -> Iterator[tuple[str, str]]:
        """Goals and arms of a seed."""
        yield from (('cosine', arm) for arm in arms.COMPARED)
        yield from ((goal, arm) for arm in arms.ARMS for goal in ('untargeted', 'targeted'))
        yield 'targeted', arms.STARTED
        others = (*arms.VARIANTS, *arms.RIVALS)
        yield from (('untargeted', arm) for arm in others if first or arm not in arms.ONCE)

    def _run(
        self, victim: SampledVictim, goal: str, arm: str, seed: int, videos: int, budget: int
    ) -> Run:
        """A run on about so many videos, and queries per video."""
        eps = STILL if goal == 'cosine' else victim.eps['targeted' if goal == 'far' else goal]
        # So many of the test set that about as many as planned are attacked.
        samples = round(videos / victim.right)
        starts = [self._starts(victim) / 'list.txt'] if arm == arms.STARTED else []
        return Run(
            key=(goal, arm, seed, budget),
            place=Path(f'{goal}_{arm}', f'seed{seed}'),
            attack=arms.attack(arm, goal, eps, budget),
            samples=samples,
            batch_size=samples,
            seed=seed,
            options=[f'attack.start={path}' for path in starts],
            inputs=starts,
            # If no video is fooled before its budget is spent.
            seconds=START + videos * budget * victim.seconds,
        )

    def prepare(self, victim: SampledVictim) -> None:
        """Weights, and the clips from which a targeted attack may start."""
        start_list(self._config(victim), self.checkpoint(victim), self._starts(victim))

    def _config(self, victim: VictimSpec) -> Config:
        return Config.fromfile(self.config(victim))

    def _starts(self, victim: VictimSpec) -> Path:
        return self.folder / f'starts_{victim.name}'

    def found(self, victim: SampledVictim) -> Goals:
        """All seeds of every arm."""
        folders: dict[tuple[str, str, int], dict[int, Path]] = {}
        for run in self.runs(victim):
            goal, arm, seed, budget = run.key
            folders.setdefault((goal, arm, budget), {})[seed] = self.at(victim, run)
        goals: Goals = {}
        for (goal, arm, budget), by_seed in folders.items():
            goals.setdefault(goal, {})[arm] = query_arm(by_seed, budget)
        return goals

    def sections(self) -> Iterator[Section]:
        """One per victim."""
        goals = {victim.name: self.found(victim) for victim in self.victims}
        for victim in self.victims:
            still = goals[victim.same_as]['cosine'] if victim.same_as else None
            yield self.section(victim, goals[victim.name], still)

    def section(
        self, victim: SampledVictim, goals: Goals, still: Mapping[str, Arm] | None
    ) -> Section:
        """Text, figures and rows for one victim; the picture of the noise is drawn."""
        motion = self.motion(victim, goals)
        parts, plots, rows = [], [], list[dict[str, Any]]()
        for goal in ('untargeted', 'targeted'):
            found = arm_rows(goals[goal])
            title = f'{goal}, eps {victim.eps[goal]:g}, {self.budgets[goal]} queries at most'
            parts.append(f'{title}\n\n{query_table(found)}')
            plots += curves(f'{victim.name}, {goal}', goals[goal])
            rows += [{'victim': victim.name, 'goal': goal} | row for row in found]
        plots += cosine_plots(f'{victim.name}: gradient', goals['cosine'], FIRST)
        parts += [same_as_one_noise(goals['untargeted'])]
        for goal in ('targeted', 'far'):
            parts += [searches(arms.STARTED, goals[goal][arms.STARTED])] if goal in goals else []
        verdicts = claims(goals, motion, still)
        text = '\n\n'.join([*parts, table(verdicts)])
        return Section(victim.name, text, verdicts, plots, rows)

    def motion(self, victim: SampledVictim, goals: Goals) -> dict[int, float]:
        """How much every video moves; the noise on the one that moves most is drawn."""
        clips = Clips(self._config(victim))
        tried = sorted(goals['untargeted']['one_noise'].success)
        moving = sorted({*tried, *goals['cosine']['one_noise'].success})
        found = mean_motion(clips, moving, self.folder / victim.name / 'motion.json')
        if tried:
            samplers = {name: each for name, each in arms.SAMPLERS.items() if name != 'no_motion'}
            most = max(tried, key=lambda video: found[video])
            noise_picture(self.folder / victim.name / 'noise.png', clips[most], samplers)
        return found
