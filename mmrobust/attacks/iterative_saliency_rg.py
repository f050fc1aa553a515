"""Iterative-saliency-RG attack (Inkawhich et al. 2018, arXiv:1811.11875, section 3.2)."""

from typing import ClassVar

from mmrobust.attacks.frame_saliency import FrameSaliency
from mmrobust.registry import ATTACKS


@ATTACKS.register_module()
class IterativeSaliencyRG(FrameSaliency):
    """Frame by frame, with gradients and saliencies refreshed after each.

    Each frame tried costs one forward, which tests for success and carries the
    next gradient, and one backward, which chose it; the first forward is the
    clean one.

    Official setting: see :class:`~mmrobust.attacks.one_shot.OneShot`; for
    transfer, gradients from the white box and the stopping test on the black
    box (``success_on``).
    Deviation: candidates are rounded to whole grey levels before the test.

    Args:
        threat: What may be changed; default ``Linf(eps=8)``.
        goal: What counts as success; default the victim's own.
        inner: An attack that changes a frame; None for the paper's step.
        level: ``stack`` or ``video``; see
            :class:`~mmrobust.attacks.frame_saliency.FrameSaliency`.
    """

    refresh: ClassVar[bool] = True

    def usual_name(self) -> str:
        """As in its paper."""
        return 'Iterative saliency (RG)'
