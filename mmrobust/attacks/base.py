"""The attack: what every algorithm shares and none may skip.

Shapes: N samples, C channels, T frames, H, W pixels, K classes; values 0..255.
"""

import copy
import inspect
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self, final

import torch
from torch import Tensor

from mmrobust.attacks.entry import checked_pixels, checked_seeds
from mmrobust.attacks.measuring import measured
from mmrobust.attacks.outcome import Outcome
from mmrobust.attacks.second_look import answers_anew, flag_answers, won_elsewhere
from mmrobust.functional.checks import require
from mmrobust.functional.randomness import SampleRandom
from mmrobust.goals import BoundGoal, Goal, Labels, Misclassify
from mmrobust.registry import build_nouns
from mmrobust.threats import Linf, Threat
from mmrobust.victims.base import Victim, check_victim
from mmrobust.victims.bound import BoundVictim, SampledFrames
from mmrobust.victims.counting import AnswerLog, Counters, CountingVictim
from mmrobust.victims.frozen import frozen

# Of an attack that was given no goal: it takes that of the victim.
USUAL_GOAL = Misclassify()


@dataclass(eq=False)
class Attack(ABC):
    """An algorithm that looks for adversarial pixels.

    A subclass writes ``run`` alone; its fields are the options of a config, checked in
    ``__post_init__``. ``__call__`` validates the input, freezes
    the model, gives ``run`` the samples that are worth attacking and a victim
    that counts, and does not trust what comes back: it projects onto the
    threat once more, rounds to 8 bits (to the grid of a victim that has one of
    its own) and asks the victim again.

    Args:
        threat: What may be changed; default :class:`~mmrobust.threats.Linf`.
        goal: What counts as success; default that of the victim, which for recognisers and
            plain functions is :class:`~mmrobust.goals.Misclassify`.

    Attributes:
        control: True for a baseline such as random noise, which need not beat
            anything: attacks are compared with it.
        counts: Whether it suits threats that count what changes and leave open by how much.
        free: Whether it can do without a budget; its own default has none then, and a victim's
            usual threat does not take its place.
    """

    control: ClassVar[bool] = False
    counts: ClassVar[bool] = False
    free: ClassVar[bool] = False

    threat: Threat = field(default_factory=Linf)
    goal: Goal = USUAL_GOAL

    def __post_init__(self) -> None:
        build_nouns(self)
        # A copy of the attack is to know it, too: identity would not survive that.
        self._takes_victims_goal = self.goal is None or self.goal is USUAL_GOAL
        # None as in a signature of one's own that hands it on.
        self.threat = Linf() if self.threat is None else self.threat
        self.goal = USUAL_GOAL if self.goal is None else self.goal
        require(isinstance(self.threat, Threat), 'threat', 'a threat or its config', self.threat)
        rule = f'one of a norm of lengths (Linf, L2, L1) for {type(self).__name__}'
        require(self.counts or not self.threat.counts, 'threat', rule, self.threat)
        rule = f'one with a budget for {type(self).__name__}'
        require(self.free or self.threat.bounded, 'threat', rule, self.threat)
        require(isinstance(self.goal, Goal), 'goal', 'a goal or its config', self.goal)

    def check_goal(self, goal: Goal) -> None:  # noqa: B027
        """Raise ValueError unless the attack can go after this goal."""

    def goal_for(self, victim: Victim | BoundVictim) -> Goal:
        """The attack's goal; the victim's own where the attack was given none."""
        if self._takes_victims_goal and isinstance(victim, Victim):
            return victim.own_goal()
        return self.goal

    def with_goal(self, goal: Goal) -> Self:
        """The same attack with another goal."""
        twin = copy.copy(self)
        twin.goal, twin._takes_victims_goal = goal, False
        return twin

    @abstractmethod
    def run(
        self, victim: CountingVictim, pixels: Tensor, goal: BoundGoal, rng: SampleRandom
    ) -> Tensor:
        """Adversarial pixels (N, C, T, H, W), float, for the samples given.

        Args:
            victim: Counts calls; ``select(rows)`` for some of the samples.
            pixels: Clean pixels (N, C, T, H, W), whole grey levels.
            goal: Bound to the N samples; ``select(rows)`` likewise.
            rng: One random stream per sample.
        """

    @final
    def __call__(
        self,
        victim: Victim | BoundVictim,
        pixels: Tensor,
        labels: Labels | None = None,
        *,
        seeds: Sequence[int] | None = None,
        clean_outputs: Tensor | None = None,
        success_on: BoundVictim | None = None,
        answer_logs: Sequence[AnswerLog] | None = None,
    ) -> list[Outcome]:
        """Attack a batch.

        Args:
            victim: Gives outputs and gradients: one that is bound to the N samples, or one
                that binds itself to bare pixels (:func:`mmrobust.load_victim`).
            pixels: (N, C, T, H, W), uint8 or float holding whole grey levels (any
                values for a victim whose input is no picture).
            labels: Annotations of the N samples, of the kind that the goal speaks of:
                class indices (N,), or
                :class:`~mmrobust.goals.pose_annotations.PoseAnnotations`. None: the victim's
                own clean prediction is the reference.
            seeds: One seed per sample; default 0..N-1.
            clean_outputs: (N, K) for the clean pixels of the victim that decides
                on success, if known already.
            success_on: Another victim of the same samples that decides on
                success in place of ``victim``: a black box, of which the attack
                learns the outputs for candidates, each a query. It also says
                which samples are right, and so worth attacking.
            answer_logs: One per sample, where a query attack keeps the answers it
                was given; it goes on after those that are there already.

        Returns:
            One outcome per sample, in order.

        Raises:
            ValueError: Pixels, labels or masks do not fit.
            RuntimeError: Called inside ``torch.inference_mode``.
        """
        check_victim(victim)
        kind = type(pixels).__name__
        require(isinstance(pixels, Tensor), 'pixels', 'a tensor (N, C, ..., H, W)', kind)
        if isinstance(victim, Victim) and not len(pixels):
            # There is nothing for its pipeline to lay out.
            return []
        aim, labels, victim = self._bind(victim, pixels, labels)
        if isinstance(victim, SampledFrames):
            require(success_on is None, 'success_on', 'None for bare videos', success_on)
            inner, frames = self.with_goal(aim), victim.frames.to(pixels.device)
            sampled, known = (victim.victim, pixels[:, :, frames], labels), clean_outputs
            outcomes = inner(*sampled, seeds=seeds, clean_outputs=known, answer_logs=answer_logs)
            return [o.inside(clip, frames) for o, clip in zip(outcomes, pixels, strict=True)]
        self.check_goal(aim)
        clean = checked_pixels(victim, pixels, labels, aim, self.threat)
        seeds = checked_seeds(seeds, len(clean))
        if success_on is not None:
            check_victim(success_on)
        counters = Counters(len(clean))
        success_victim = victim if success_on is None else success_on
        with frozen(victim.model), frozen(success_victim.model), torch.enable_grad():
            clean_outputs = self._clean_outputs(success_victim, clean, clean_outputs)
            counters.clean = clean_outputs.detach()
            goal = aim.bind(labels, clean_outputs)
            for name, mask in goal.flags().items():
                counters.flag(name, mask)
            attackable = goal.is_correct(clean_outputs) & ~goal.success(clean_outputs)
            adversarial, outputs = clean.clone(), clean_outputs.detach().clone()
            rows = attackable.nonzero().squeeze(1).cpu()
            if len(rows):
                every = torch.arange(len(clean))
                target = CountingVictim(victim, counters, every, success_on, answer_logs).select(
                    rows
                )
                rng = SampleRandom.from_seeds(seeds).select(rows)
                found = self.run(target, clean[rows].clone(), goal.select(rows), rng)
                adversarial[rows] = self._as_saved(found, clean[rows], target)
                outputs[rows] = self._outputs(success_victim.select(rows), adversarial[rows]).to(
                    outputs
                )
                if not (counters.answers or counters.clean_answers):
                    moved = rows[(adversarial[rows] != clean[rows]).flatten(1).any(dim=1).cpu()]
                    other = answers_anew(success_victim, clean, clean_outputs, moved)
                    counters.flag('random_outputs', other)
                if success_on is not None:
                    kept = rows[~goal.select(rows).success(outputs[rows]).cpu()]
                    elsewhere = won_elsewhere(victim, clean, adversarial, goal, kept)
                    counters.flag('transfer_failed', elsewhere)
        flag_answers(counters, clean, adversarial, clean_outputs, outputs)
        outcomes = measured(self.threat, goal, clean, adversarial, outputs, attackable, counters)
        return [replace(one, adversarial=one.adversarial.to(victim.dtype)) for one in outcomes]

    def _bind(
        self, victim: Victim | BoundVictim, pixels: Tensor, labels: Labels | None
    ) -> tuple[Goal, Labels, BoundVictim]:
        """Goal, labels (if only to say that there are none) and victim of this call."""
        goal = self.goal_for(victim)
        goal = goal.of_prediction() if labels is None else goal
        if not isinstance(victim, Victim):
            nobody = torch.full((len(pixels),), -1)
            return goal, nobody if labels is None else labels, victim
        bound = victim.bind_pixels(pixels)
        known = victim.unlabelled(bound, len(pixels)) if labels is None else labels
        return goal, known, bound

    def _as_saved(self, found: Tensor, clean: Tensor, victim: CountingVictim) -> Tensor:
        """What ``run`` gave, rounded inside the threat; clean where it is not finite."""
        name, kind, shape = f'{type(self).__name__}.run()', type(found).__name__, tuple(clean.shape)
        if not isinstance(found, Tensor):
            raise ValueError(f'{name} must return a tensor, got {kind}')
        if found.shape != shape:
            raise ValueError(
                f'{name} must return pixels of shape {shape}, got {tuple(found.shape)}'
            )
        adversarial = found.detach().to(clean)
        bad = ~adversarial.isfinite().flatten(1).all(dim=1)
        victim.flag('not_finite', bad)
        adversarial = torch.where(bad.reshape(-1, *[1] * (clean.dim() - 1)), clean, adversarial)
        return self.rounded(adversarial, clean, victim)

    def rounded(self, candidate: Tensor, clean: Tensor, victim: BoundVictim) -> Tensor:
        """``candidate`` inside threat and bounds, on the victim's grid if it has one."""
        inside = self.threat.project_inside(candidate, clean, victim.bounds)
        inside = victim.settled(inside, clean)
        if victim.grid_step is None:
            return inside
        return self.threat.on_grid(inside, clean, victim.grid_step).clamp(*victim.bounds)

    def _clean_outputs(
        self, success_victim: BoundVictim, clean: Tensor, known: Tensor | None
    ) -> Tensor:
        outputs = self._outputs(success_victim, clean) if known is None else known
        rule = f'{len(clean)} rows'
        require(len(outputs) == len(clean), 'outputs', rule, tuple(outputs.shape))
        return outputs

    @staticmethod
    def _outputs(victim: BoundVictim, pixels: Tensor) -> Tensor:
        with torch.no_grad():
            found = victim(pixels.clone())
        kind = type(found).__name__
        require(isinstance(found, Tensor), 'victim', 'a function that returns a tensor', kind)
        return found

    def files(self) -> Sequence[Path]:
        """Files, beside those that an option names, that decide what the attack does."""
        return ()

    def most_calls(self) -> int | None:
        """Forwards and backwards of a sample that never falls, before rounding either.

        None where nobody can say.
        """
        return None

    @property
    def stops(self) -> str:
        """At which of its points a sample is left: ``first success`` or ``last step``."""
        return 'first success' if getattr(self, 'early_stop', True) else 'last step'

    def usual_name(self) -> str:
        """What the field calls the attack with these options: 'PGD', 'Geo-TRAP'."""
        return type(self).__name__

    @property
    def title(self) -> str:
        """For reports: the usual name, and what is aimed at: 'PGD, targeted at class 3'."""
        # A variant of a known attack is another one until it says what it is called.
        known = 'usual_name' in vars(type(self))
        name = self.usual_name() if known else type(self).__name__
        return ', '.join(filter(None, (name, self.goal.title)))

    def config(self) -> dict[str, Any]:
        """A config that builds the attack again; without a goal where it was given none."""
        found = self.describe()
        return {k: v for k, v in found.items() if k != 'goal' or not self._takes_victims_goal}

    def describe(self) -> dict[str, Any]:
        """The options, as a config would give them, for the report."""
        nouns = {'threat': self.threat.describe(), 'goal': self.goal.describe()}
        names = inspect.signature(type(self)).parameters.keys() - nouns.keys()
        # An option that is no attribute is an error here, not a gap in the report.
        options = {name: getattr(self, name) for name in sorted(names)}
        for name, value in options.items():
            if hasattr(value, 'describe'):
                options[name] = value.describe()
        return {'type': type(self).__name__} | options | nouns
