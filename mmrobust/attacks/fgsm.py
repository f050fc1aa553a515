"""Fast gradient sign method (Goodfellow, Shlens and Szegedy 2015, arXiv:1412.6572)."""

from dataclasses import dataclass, field

from mmrobust.attacks.gradient_loop import GradientLoop
from mmrobust.attacks.steps import StepUnit
from mmrobust.registry import ATTACKS


@ATTACKS.register_module()
@dataclass(kw_only=True, eq=False)
class FGSM(GradientLoop):
    """One step of length eps along the steepest direction, section 4.

    Official setting: l_inf, x + eps * sign(gradient of the cross-entropy).
    Deviation: other norms step by eps along their own steepest direction.

    Args:
        threat: What may be changed; default ``Linf(eps=8)``.
        goal: What counts as success; default the victim's own.
    """

    steps: int = field(default=1, init=False)
    step_size: float = field(default=1.0, init=False)
    step_unit: StepUnit = field(default='eps', init=False)
    random_start: bool = field(default=False, init=False)
    restarts: int = field(default=1, init=False)
    early_stop: bool = field(default=False, init=False)
