"""Projected gradient descent (Madry et al. 2018, arXiv:1706.06083)."""

from dataclasses import dataclass

from mmrobust.attacks.gradient_loop import GradientLoop
from mmrobust.registry import ATTACKS


@ATTACKS.register_module()
@dataclass(kw_only=True, eq=False)
class PGD(GradientLoop):
    """Projected steps from a random start, section 2.1.

    Official setting: random start in the l_inf ball, fixed step, sign steps.
    The defaults' ten steps of eps / 4 reach any point of the ball from any
    other; they are few, and what they leave is an upper bound of robust
    accuracy. With ``random_start=False`` this is BIM / I-FGSM (Kurakin,
    Goodfellow and Bengio 2017, arXiv:1607.02533).
    Deviation: samples stop at their first success unless ``early_stop=False``.

    Args:
        threat: What may be changed; default ``Linf(eps=8)``.
        goal: What counts as success; default the victim's own.
        steps: Steps per restart, >= 1.
        step_size: Length of a step, > 0, in ``step_unit``.
        step_unit: ``eps`` (a share of the budget) or ``pixel`` (grey levels).
        random_start: Start at a random member of the threat.
        restarts: Runs from fresh random starts, for samples not yet fooled.
        early_stop: Leave at the first success after rounding.
    """

    random_start: bool = True

    def usual_name(self) -> str:
        """PGD; BIM without its random start."""
        return 'PGD' if self.random_start else 'BIM'

    def most_calls(self) -> int:
        """Several runs look once more at where each of them ended."""
        several = self.restarts > 1
        return self.restarts * (2 * self.steps + several)
