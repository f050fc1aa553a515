"""Random noise at full budget: what every attack must beat."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from mmrobust.attacks.base import Attack
from mmrobust.functional.checks import require, whole
from mmrobust.functional.randomness import SampleRandom
from mmrobust.goals import BoundGoal
from mmrobust.registry import ATTACKS
from mmrobust.victims.counting import CountingVictim


@ATTACKS.register_module()
@dataclass(kw_only=True, eq=False)
class RandomNoise(Attack):
    """A random direction at the full length of the budget; a control, no attack.

    In the l_inf ball every value moves by plus or minus eps, in the l_2 ball
    the noise is Gaussian and has length eps. An attack that does no better has
    a bug or a robust victim.

    Args:
        threat: What may be changed; default ``Linf(eps=8)``.
        goal: What counts as success; default the victim's own.
        trials: Draws per sample, >= 1; each but the last costs one forward,
            and the first that succeeds is kept.
    """

    control: ClassVar[bool] = True

    trials: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        require(whole(self.trials, 1), 'trials', 'a whole number >= 1', self.trials)

    def usual_name(self) -> str:
        """As a report says it."""
        return 'Random noise'

    def most_calls(self) -> int:
        """The last draw is not looked at."""
        return self.trials - 1

    def run(
        self, victim: CountingVictim, pixels: Tensor, goal: BoundGoal, rng: SampleRandom
    ) -> Tensor:
        """Draw until a sample is fooled or its trials are used up."""
        found = pixels.clone()
        left = torch.arange(len(pixels))
        for trial in range(self.trials):
            clean, streams = pixels[left], rng.select(left)
            direction = self.threat.steepest(streams.normal_like(clean))
            found[left] = self.rounded(clean + self.threat.eps * direction, clean, victim)
            if trial + 1 < self.trials:
                outputs = victim.select(left).verdict(found[left])
                left = left[~goal.select(left).success(outputs).cpu()]
            if not len(left):
                break
        return found
