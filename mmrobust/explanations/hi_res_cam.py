"""HiResCAM (Draelos and Carin 2020, arXiv:2011.08891), in space and time."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from mmrobust.explanations.grad_cam import GradCAM
from mmrobust.explanations.layers import Features
from mmrobust.registry import EXPLANATIONS


@EXPLANATIONS.register_module()
@dataclass(frozen=True)
class HiResCAM(GradCAM):
    """Grad-CAM with the slope at each place, not their mean over all of them.

    What a joint at one place rests on differs from place to place: there the mean says little.
    """

    def weighted(self, found: Features) -> Tensor:
        """Features (R, C, t, h, w), each weighted by its own slope."""
        return found.slopes * found.values
