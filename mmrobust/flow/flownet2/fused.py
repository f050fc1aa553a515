"""FlowNet2: the cascade, FlowNetSD beside it, and the fusion of both.

Shapes: M pairs, H, W pixels, both sides multiples of 64.
"""

import torch
from torch import Tensor

from mmrobust.flow.flownet2.blocks import FLOW_UNIT, enlarge
from mmrobust.flow.flownet2.cascade import LongCascade, brightness_error
from mmrobust.flow.flownet2.flownet_sd import FlowNetSD
from mmrobust.flow.flownet2.fusion import FlowNetFusion
from mmrobust.functional.channel_norm import channel_norm
from mmrobust.functional.resample import resample


class FusedCascade(LongCascade):
    """Ilg et al. 2016, arXiv:1612.01925, figure 2.

    Official setting: width 1, 162,518,834 parameters; both flow fields are
    enlarged to the nearest neighbour.

    Args:
        width: Multiplier of every channel count but flow's, the inputs' and the
            correlation's.
    """

    upsampling = None

    def __init__(self, width: float = 1.0) -> None:
        super().__init__(width)
        self.flownets_d = FlowNetSD(width, unit=1 / FLOW_UNIT)
        self.flownetfusion = FlowNetFusion(width)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Flow in pixels at 1, 1/2 and 1/4 of the sides of ``x`` (M, 6, H, W)."""
        large = enlarge(super().forward(x)[0], 'nearest')
        small = enlarge(self.flownets_d(x)[0], 'nearest')
        flows = [small, large]
        lengths = [channel_norm(flow) for flow in flows]
        errors = [brightness_error(x, resample(x[:, 3:], flow)) for flow in flows]
        seen = torch.cat([x[:, :3], *flows, *lengths, *errors], dim=1)
        fused: list[Tensor] = self.flownetfusion(seen)
        return fused
