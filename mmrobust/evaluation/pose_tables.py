"""Arms on one pose estimator beside each other, in Markdown, and as rows for a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from mmrobust.evaluation.estimates import Measurement, averaged, ratio, shown
from mmrobust.evaluation.markdown import markdown
from mmrobust.evaluation.pose_results import PoseResults
from mmrobust.evaluation.pose_samples import Samples, average_of, both_successful, rate

Row = dict[str, Any]


@dataclass(frozen=True)
class PoseTables:
    """Tables of all arms.

    Attributes:
        found: What they did.
        names: Arm -> its name in the tables.
        reference: The arm to whose RMSE that of the others is a ratio.
    """

    found: PoseResults
    names: Mapping[str, str]
    reference: str

    def clean(
        self, card: Mapping[str, Any], blind: tuple[Measurement, Measurement], moved: float
    ) -> str:
        """How well the victim does, a pose that sees nothing, and what was attacked.

        Args:
            card: The report of one of the victim's untargeted runs.
            blind: PCK and error of the mean training pose on the same samples.
            moved: How near half of the joints are where a sample is attacked.
        """
        key = next(key for key in self.found.arms if key[::2] == ('untargeted', self.reference))
        samples = self.found.arms[key]
        kept = [average_of(samples, name) for name in ('clean_pck', 'clean_error')]
        told = ', '.join(f'{name} {card["clean"][name]:.3f}' for name in ('PCK', 'EPE'))
        lines = [
            f'Clean, {card["evaluated"]} test samples: {told} (pixels of the frame), by MMPose; '
            f'a joint is right within {self.found.within:g} of the box.',
            f'The mean training pose there: {_pair(blind)}.',
            f'Attacked when half of the joints are within {moved:g}: {card["attacked"]}, on which '
            f'the victim has {_pair(kept)}.',
        ]
        return '\n'.join(lines)

    def untargeted(self) -> str:
        """Success, RMSE and ratio of every arm, with every norm."""
        lines = []
        for (goal, norm, arm), samples in self.found.arms.items():
            if goal == 'untargeted':
                means = [_mean(samples, key) for key in ('rmse', 'density')]
                lines.append([norm, self.names[arm], *self._shared(goal, norm, arm), *means])
        return markdown([*self._headings('norm'), 'RMSE of all', 'density'], lines)

    def targeted(self) -> str:
        """The same for every target, with the distance that is left to it."""
        lines = []
        aimed = [key for goal in self.found.targets for key in self.found.arms if key[0] == goal]
        for goal, norm, arm in aimed:
            samples = self.found.arms[goal, norm, arm]
            left = [average_of(samples, key) for key in ('clean_target_error', 'target_error')]
            distances = [shown(distance, '.1f', 100) for distance in left]
            cells = [goal, norm, self.names[arm], *self._shared(goal, norm, arm)]
            lines.append([*cells, *distances])
        headings = self._headings('target', 'norm')
        return markdown([*headings, 'distance, clean', 'attacked'], lines)

    def curve(self) -> str:
        """PCK and error of every arm over the budget."""
        eps, lines = self.found.eps, []
        for arm in dict.fromkeys(arm for arm, _ in self.found.curve):
            parts = [average_of(self.found.curve[arm, e], k) for e in eps for k in ('pck', 'error')]
            cells = [shown(part, '.0f', 100) for part in parts]
            lines.append([self.names[arm], *cells])
        headings = [name for e in eps for name in (f'eps {e:g}: PCK', 'error')]
        return markdown(['arm', *headings], lines)

    def rows(self, victim: str) -> list[Row]:
        """Every attack of the tables as plain numbers, for the page."""
        lines: list[Row] = []
        for (goal, norm, arm), samples in self.found.arms.items():
            success = rate(samples)
            low, high = success.limits
            lines.append(
                {
                    'victim': victim,
                    'goal': goal,
                    'norm': norm,
                    'arm': self.names[arm],
                    'n': success.n,
                    'success_rate': success.value if success.n else None,
                    'success_rate_low': low,
                    'success_rate_high': high,
                    'rmse_of_all': mean(s.rmse for s in samples.values()) if samples else None,
                }
            )
        return lines

    def _shared(self, goal: str, norm: str, arm: str) -> tuple[str, str, str]:
        """Success, RMSE over the successes of both, and its ratio to the reference's."""
        samples = self.found.arms[goal, norm, arm]
        own, other = both_successful(samples, self.found.arms[goal, norm, self.reference])
        rmse = shown(averaged(own))
        return shown(rate(samples), '.0f', 100), rmse, shown(ratio(own, other))

    def _headings(self, *names: str) -> Sequence[str]:
        return [*names, 'arm', 'success', 'RMSE', f'ratio to {self.names[self.reference]}']


def _known(samples: Samples, key: str) -> list[float]:
    """A number of every sample that has one."""
    numbers = (getattr(sample, key) for sample in samples.values())
    return [number for number in numbers if number is not None]


def _mean(samples: Samples, key: str) -> str:
    known = _known(samples, key)
    return f'{mean(known):.2f}' if known else '-'


def _pair(parts: Sequence[Measurement]) -> str:
    pck, error = (shown(part, '.1f', 100) for part in parts)
    return f'PCK {pck}; error {error} (%)'
