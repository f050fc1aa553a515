"""Iterative-saliency attack (Inkawhich et al. 2018, arXiv:1811.11875, section 3.2)."""

from typing import ClassVar

from mmrobust.attacks.frame_saliency import FrameSaliency
from mmrobust.registry import ATTACKS


@ATTACKS.register_module()
class IterativeSaliency(FrameSaliency):
    """One gradient, then frame by frame in the order of the clean saliency.

    The gradient is taken once, on the clean clip (one forward, one backward);
    each frame tried costs one more forward, which tests for success.

    Official setting: see :class:`~mmrobust.attacks.one_shot.OneShot`; inner
    None.
    Deviation: candidates are rounded to whole grey levels before the test.

    Args:
        threat: What may be changed; default ``Linf(eps=8)``.
        goal: What counts as success; default the victim's own.
        inner: An attack that changes a frame; None for the paper's step.
        level: ``stack`` or ``video``; see
            :class:`~mmrobust.attacks.frame_saliency.FrameSaliency`.
    """

    refresh: ClassVar[bool] = False

    def usual_name(self) -> str:
        """As in its paper."""
        return 'Iterative saliency'
