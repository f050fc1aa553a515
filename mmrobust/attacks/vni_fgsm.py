"""Variance-tuned Nesterov iterative FGSM (Wang and He 2021, arXiv:2103.15571)."""

from dataclasses import dataclass

from mmrobust.attacks.ni_fgsm import NIFGSM
from mmrobust.attacks.vmi_fgsm import VMIFGSM
from mmrobust.registry import ATTACKS


@ATTACKS.register_module()
@dataclass(kw_only=True, eq=False)
class VNIFGSM(VMIFGSM, NIFGSM):
    """NI-FGSM whose gradient is corrected by those round about the place before.

    Official setting: that of :class:`~mmrobust.attacks.vmi_fgsm.VMIFGSM`. Neighbours are round
    where the samples stand, and not further along the momentum, where the gradient is that is
    compared with theirs: as in the official code.
    Deviations: those of VMI-FGSM and :class:`~mmrobust.attacks.ni_fgsm.NIFGSM`.

    Args:
        threat: What may be changed; default ``Linf(eps=8)``.
        goal: What counts as success; default the victim's own.
        steps: Number of steps, >= 1.
        step_size: Length of a step, > 0, in ``step_unit``.
        step_unit: ``eps`` (a share of the budget) or ``pixel`` (grey levels).
        decay: Decay of the momentum, >= 0; 0 is I-FGSM.
        per_frame: See :class:`~mmrobust.attacks.mi_fgsm.MIFGSM`.
        transforms: See :class:`~mmrobust.attacks.mi_fgsm.MIFGSM`.
        neighbours: Gradients that are compared with the one of a step, >= 1.
        beta: How far away they are, in budgets, >= 0.
        early_stop: Leave at the first success after rounding (one more forward per step
            looks at where the samples stand).
    """

    def usual_name(self) -> str:
        """As in its paper, after its transforms."""
        return self._transformed_name('VNI-FGSM')
