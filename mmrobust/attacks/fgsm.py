"""Fast gradient sign method (Goodfellow, Shlens and Szegedy 2015, arXiv:1412.6572)."""

from mmrobust.attacks.gradient_descent import GradientDescent
from mmrobust.goals import Goal
from mmrobust.registry import ATTACKS
from mmrobust.threats import Threat


@ATTACKS.register_module()
class FGSM(GradientDescent):
    """One step of length eps along the steepest direction, section 4.

    Official setting: l_inf, x + eps * sign(gradient of the cross-entropy).
    Deviation: other norms step by eps along their own steepest direction.

    Args:
        threat: What may be changed; default ``Linf(eps=8)``.
        goal: What counts as success; default ``Misclassify()``.
    """

    def __init__(self, threat: Threat | None = None, goal: Goal | None = None) -> None:
        super().__init__(threat, goal, steps=1, step_size=1.0, early_stop=False)
