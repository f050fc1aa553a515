"""How much each frame of a clip matters.

Shapes: N samples, C channels, T frames, H, W pixels.
"""

from torch import Tensor


def frame_saliency(gradient: Tensor) -> Tensor:
    """Mean absolute gradient of each frame (N, T).

    Source: Inkawhich et al. 2018, arXiv:1811.11875 (eq. 3.4 of N. Inkawhich's
    thesis).

    Args:
        gradient: Of the loss in the pixels, (N, C, T, H, W).
    """
    return gradient.abs().mean(dim=(1, 3, 4))
