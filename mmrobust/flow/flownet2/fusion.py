"""The fusion network: two flow fields and their errors to one.

Shapes: M pairs, H, W pixels, both sides multiples of 4.
"""

from torch import Tensor

from mmrobust.flow.flownet2.blocks import convolution, initialise, scaled
from mmrobust.flow.flownet2.decoder import Decoder


class FlowNetFusion(Decoder):
    """Ilg et al. 2016, arXiv:1612.01925, section 5.

    Official setting: width 1, 581,226 parameters. Input channels: first frame
    (3), FlowNetSD's flow (2), the cascade's flow (2), their lengths (1 + 1), and
    the lengths of their brightness errors (1 + 1). Unlike the other networks it
    predicts flow in pixels, at full resolution.

    Args:
        width: Multiplier of every channel count but flow's and the input's.
    """

    upsampling = None

    def __init__(self, width: float = 1.0) -> None:
        c0, c1, d1, d0 = (scaled(c, width) for c in (64, 128, 32, 16))
        super().__init__([c1, c1, c0], [d1, d0], coarsest=2, smooth=True, upsampling_bias=True)
        self.conv0 = convolution(11, c0)
        self.conv1 = convolution(c0, c0, stride=2)
        self.conv1_1 = convolution(c0, c1)
        self.conv2 = convolution(c1, c1, stride=2)
        self.conv2_1 = convolution(c1, c1)
        initialise(self)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Flow in pixels at 1, 1/2 and 1/4 of the sides of ``x`` (M, 11, H, W)."""
        level0 = self.conv0(x)
        level1 = self.conv1_1(self.conv1(level0))
        level2 = self.conv2_1(self.conv2(level1))
        return self.decode([level2, level1, level0])
