"""FlowNetS: one stack of convolutions over all input channels.

Shapes: M pairs, C input channels, H, W pixels, both sides multiples of 64.
"""

from torch import Tensor

from mmrobust.flow.flownet2.blocks import convolution, initialise, scaled
from mmrobust.flow.flownet2.pyramid import PyramidNetwork


class FlowNetS(PyramidNetwork):
    """Fischer et al. 2015, arXiv:1504.06852, section 3, "FlowNetSimple".

    Official setting: width 1; 38,676,506 parameters on its own (C = 6, both
    frames), 38,695,322 inside a cascade (C = 12). Its layers that upsample flow
    have no biases, those of the other networks have.

    Args:
        width: Multiplier of every channel count but flow's and the input's.
        inputs: C.
    """

    def __init__(self, width: float = 1.0, *, inputs: int = 6) -> None:
        super().__init__(width, smooth=False, upsampling_bias=False)
        c1, c2, c3 = (scaled(c, width) for c in (64, 128, 256))
        self.conv1 = convolution(inputs, c1, size=7, stride=2)
        self.conv2 = convolution(c1, c2, size=5, stride=2)
        self.conv3 = convolution(c2, c3, size=5, stride=2)
        self.conv3_1 = convolution(c3, c3)
        initialise(self)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Levels 2 and 3 from ``x`` (M, C, H, W)."""
        level2 = self.conv2(self.conv1(x))
        return level2, self.conv3_1(self.conv3(level2))
