"""The cascade: FlowNetC, and FlowNetS networks that refine its flow.

Shapes: M pairs, H, W pixels, both sides multiples of 64.
"""

import torch
from torch import Tensor

from mmrobust.flow.flownet2.blocks import FLOW_UNIT, Upsampling, enlarge
from mmrobust.flow.flownet2.flownet_c import FlowNetC
from mmrobust.flow.flownet2.flownet_s import FlowNetS
from mmrobust.flow.flownet2.network import FlowNetwork
from mmrobust.functional.channel_norm import channel_norm
from mmrobust.functional.resample import resample


def brightness_error(x: Tensor, warped: Tensor) -> Tensor:
    """Length (M, 1, H, W) of the difference between frame one and frame two, ``warped``."""
    return channel_norm(x[:, :3] - warped)


def refinement(x: Tensor, flow: Tensor) -> Tensor:
    """What a FlowNetS sees of the flow (M, 2, H, W) so far: (M, 12, H, W).

    Both frames (6), the second one warped to the first (3), the flow in units
    of 20 pixels (2), the length of the brightness error (1).
    """
    warped = resample(x[:, 3:], flow)
    return torch.cat([x, warped, flow / FLOW_UNIT, brightness_error(x, warped)], dim=1)


class Cascade(FlowNetwork):
    """Ilg et al. 2016, arXiv:1612.01925, section 4: FlowNet2-CS, base of the others.

    Official setting: width 1; from one network to the next flow is enlarged
    bilinearly.

    Args:
        width: Multiplier of every channel count but flow's, the inputs' and the
            correlation's.
        refinements: Number of FlowNetS networks.
    """

    def __init__(self, width: float = 1.0, *, refinements: int = 1) -> None:
        super().__init__()
        self.refinements = refinements
        self.flownetc = FlowNetC(width)
        for number in range(1, refinements + 1):
            self.add_module(f'flownets_{number}', FlowNetS(width, inputs=12))

    def forward(self, x: Tensor) -> list[Tensor]:
        """The last network's flow in pixels, at 1/4 to 1/64 of the sides of ``x``."""
        flows: list[Tensor] = self.flownetc(x)
        for number in range(1, self.refinements + 1):
            seen = refinement(x, enlarge(flows[0], 'bilinear'))
            flows = self.get_submodule(f'flownets_{number}')(seen)
        return flows


class LongCascade(Cascade):
    """FlowNet2-CSS: two FlowNetS, and the last flow enlarged to the nearest neighbour.

    Args:
        width: As for :class:`Cascade`.
    """

    upsampling: Upsampling | None = 'nearest'

    def __init__(self, width: float = 1.0) -> None:
        super().__init__(width, refinements=2)
