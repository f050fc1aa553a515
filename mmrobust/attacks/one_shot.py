"""One-shot attack on all frames (Inkawhich et al. 2018, arXiv:1811.11875, section 3.2)."""

from mmrobust.attacks.fgsm import FGSM
from mmrobust.registry import ATTACKS


@ATTACKS.register_module()
class OneShot(FGSM):
    """All frames at once, one step of eps along the sign of the gradient.

    On a recogniser that computes optical flow the gradient of a frame is the
    sum over the two flow fields it appears in; autograd through the
    flow estimator gives it. This is FGSM on the frames, kept under the paper's
    name as what :class:`IterativeSaliency` is compared with. One forward and
    one backward, plus the final check.

    Equations 3.1 and 3.3 of N. Inkawhich's thesis, which has the paper as its chapter 3.

    Official setting: l_inf, eps 0.005 to 0.035 of the range (1.3 to 8.9 grey
    levels), cross-entropy, FlowNet2 fine-tuned on TV-L1 flow, stacks of 11
    frames.
    Deviation: the result is rounded to whole grey levels.

    Args:
        threat: What may be changed; default ``Linf(eps=8)``.
        goal: What counts as success; default the victim's own.
    """

    def usual_name(self) -> str:
        """As in its paper."""
        return 'One-shot'
