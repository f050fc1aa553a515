"""Nesterov iterative FGSM (Lin, Song, He, Wang and Hopcroft 2020, arXiv:1908.06281)."""

from dataclasses import dataclass

from torch import Tensor

from mmrobust.attacks.loop_state import LoopState
from mmrobust.attacks.mi_fgsm import MIFGSM, MomentumState
from mmrobust.registry import ATTACKS


@ATTACKS.register_module()
@dataclass(kw_only=True, eq=False)
class NIFGSM(MIFGSM):
    """MI-FGSM whose gradient is taken where the momentum leads.

    Official setting: 10 steps of eps / 10, decay 1, no random start, no early stop. The
    gradient is taken at x + step * decay * g, which neither threat nor range of values bounds,
    as in the official code; there, too, g is a sum of gradients divided by their mean absolute
    value (by their sum, the look-ahead would vanish).
    Deviation: in other norms than l_inf the look-ahead has the length that the same g would
    have there, and none outside a mask.

    Args:
        threat: What may be changed; default ``Linf(eps=8)``.
        goal: What counts as success; default the victim's own.
        steps: Number of steps, >= 1.
        step_size: Length of a step, > 0, in ``step_unit``.
        step_unit: ``eps`` (a share of the budget) or ``pixel`` (grey levels).
        decay: Decay of the momentum, >= 0; 0 is I-FGSM.
        per_frame: See :class:`~mmrobust.attacks.mi_fgsm.MIFGSM`.
        transforms: See :class:`~mmrobust.attacks.mi_fgsm.MIFGSM`.
        early_stop: Leave at the first success after rounding (one more forward per step
            looks at where the samples stand).
    """

    def usual_name(self) -> str:
        """As in its paper, after its transforms."""
        return self._transformed_name('NI-FGSM')

    def gradient(self, state: LoopState) -> tuple[Tensor, Tensor]:
        """Outputs and gradient further along the momentum."""
        assert isinstance(state, MomentumState)
        return self.gradient_at(state, state.pixels + self.decay * self._way(state.momentum))

    def outputs_decide(self, state: LoopState) -> bool:
        """They are those of another place."""
        return False
