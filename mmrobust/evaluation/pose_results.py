"""Many attacks on one pose estimator: by goal, norm and arm, and over the budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import mean

from mmrobust.evaluation.pose_samples import Samples, common


@dataclass(frozen=True)
class PoseResults:
    """What all attacks did to one pose estimator.

    Attributes:
        arms: (goal, norm, arm) -> its samples.
        curve: (arm, eps) -> its samples, all steps taken, l_inf.
        within: A joint is right this near to its annotation.
    """

    arms: Mapping[tuple[str, str, str], Samples]
    curve: Mapping[tuple[str, float], Samples]
    within: float

    @property
    def eps(self) -> list[float]:
        """Budgets of the curve, ascending."""
        return sorted({eps for _, eps in self.curve})

    @property
    def targets(self) -> list[str]:
        """Of the targeted attacks."""
        goals = dict.fromkeys(goal for goal, _, _ in self.arms)
        return [goal for goal in goals if goal != 'untargeted']

    def over_curve(self, arm: str) -> dict[int, float]:
        """The PCK of every sample under an arm, mean over the budgets."""
        parts = [self.curve[arm, eps] for eps in self.eps]
        both = set.intersection(*(set(part) for part in parts))
        return {index: mean(part[index].pck for part in parts) for index in sorted(both)}

    def worst(self, eps: float, *arms: str) -> Samples:
        """The worse one of two arms' results at a budget, by error, for every sample."""
        one, other = common(*(self.curve[arm, eps] for arm in arms))
        return {i: max(one[i], other[i], key=lambda sample: sample.error) for i in one}
