"""The deep layers, levels 3 to 6, that FlowNetC, FlowNetS and FlowNetSD share.

Shapes: M pairs, H, W pixels, both sides multiples of 64.
"""

from abc import ABC, abstractmethod

from torch import Tensor

from mmrobust.flow.flownet2.blocks import FLOW_UNIT, convolution, scaled
from mmrobust.flow.flownet2.decoder import Decoder


class PyramidNetwork(Decoder, ABC):
    """Flow at levels 2 to 6. A subclass adds the layers down to level 3, and ``encode``.

    Args:
        width: Multiplier of every channel count but those of flow.
        smooth: As for :class:`Decoder`.
        upsampling_bias: As for :class:`Decoder`.
        unit: What the predictions are multiplied by to be pixels.
    """

    def __init__(
        self, width: float, *, smooth: bool, upsampling_bias: bool, unit: float = FLOW_UNIT
    ) -> None:
        super().__init__(
            [scaled(c, width) for c in (1024, 512, 512, 256, 128)],
            [scaled(c, width) for c in (512, 256, 128, 64)],
            coarsest=6,
            smooth=smooth,
            upsampling_bias=upsampling_bias,
        )
        self.unit = unit
        c3, c4, c6 = (scaled(c, width) for c in (256, 512, 1024))
        self.conv4 = convolution(c3, c4, stride=2)
        self.conv4_1 = convolution(c4, c4)
        self.conv5 = convolution(c4, c4, stride=2)
        self.conv5_1 = convolution(c4, c4)
        self.conv6 = convolution(c4, c6, stride=2)
        self.conv6_1 = convolution(c6, c6)

    @abstractmethod
    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Features of levels 2 and 3."""

    def forward(self, x: Tensor) -> list[Tensor]:
        """Flow in pixels at 1/4, 1/8, 1/16, 1/32 and 1/64 of the sides of ``x``."""
        level2, level3 = self.encode(x)
        level4 = self.conv4_1(self.conv4(level3))
        level5 = self.conv5_1(self.conv5(level4))
        level6 = self.conv6_1(self.conv6(level5))
        flows = self.decode([level6, level5, level4, level3, level2])
        return [flow * self.unit for flow in flows]
