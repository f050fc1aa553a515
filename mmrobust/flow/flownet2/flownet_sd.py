"""FlowNetSD: FlowNetS for small displacements, of small kernels only.

Shapes: M pairs, H, W pixels, both sides multiples of 64.
"""

from torch import Tensor

from mmrobust.flow.flownet2.blocks import FLOW_UNIT, convolution, initialise, scaled
from mmrobust.flow.flownet2.pyramid import PyramidNetwork


class FlowNetSD(PyramidNetwork):
    """Ilg et al. 2016, arXiv:1612.01925, section 5.

    Official setting: width 1, 45,371,666 parameters.

    Args:
        width: Multiplier of every channel count but flow's and the input's.
        unit: What the predictions are multiplied by to be pixels: 20 on its own.
            Inside FlowNet2 the same layers predict flow *times* 20, unit 1/20.
    """

    def __init__(self, width: float = 1.0, *, unit: float = FLOW_UNIT) -> None:
        super().__init__(width, smooth=True, upsampling_bias=True, unit=unit)
        c1, c2, c3 = (scaled(c, width) for c in (64, 128, 256))
        self.conv0 = convolution(6, c1)
        self.conv1 = convolution(c1, c1, stride=2)
        self.conv1_1 = convolution(c1, c2)
        self.conv2 = convolution(c2, c2, stride=2)
        self.conv2_1 = convolution(c2, c2)
        self.conv3 = convolution(c2, c3, stride=2)
        self.conv3_1 = convolution(c3, c3)
        initialise(self)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Levels 2 and 3 from ``x`` (M, 6, H, W)."""
        level1 = self.conv1_1(self.conv1(self.conv0(x)))
        level2 = self.conv2_1(self.conv2(level1))
        return level2, self.conv3_1(self.conv3(level2))
