"""FlowNetC: both frames encoded alike, then correlated.

Shapes: M pairs, H, W pixels, both sides multiples of 64.
"""

import torch
from torch import Tensor

from mmrobust.flow.flownet2.blocks import activation, convolution, initialise, scaled
from mmrobust.flow.flownet2.pyramid import PyramidNetwork
from mmrobust.functional.correlation import correlation

CORRELATION_CHANNELS = 441


class FlowNetC(PyramidNetwork):
    """Fischer et al. 2015, arXiv:1504.06852, section 3, "FlowNetCorr".

    Official setting: width 1, 39,175,298 parameters; displacements of up to 20
    cells of level 3 (160 pixels) in steps of 2, ``conv_redir`` of 32 channels.

    Args:
        width: Multiplier of every channel count but flow's and the correlation's.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__(width, smooth=False, upsampling_bias=True)
        c1, c2, c3, redirected = (scaled(c, width) for c in (64, 128, 256, 32))
        self.conv1 = convolution(3, c1, size=7, stride=2)
        self.conv2 = convolution(c1, c2, size=5, stride=2)
        self.conv3 = convolution(c2, c3, size=5, stride=2)
        self.conv_redir = convolution(c3, redirected, size=1)
        self.corr_activation = activation()
        self.conv3_1 = convolution(redirected + CORRELATION_CHANNELS, c3)
        initialise(self)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Level 2 of the first frame, level 3 of both, from ``x`` (M, 6, H, W)."""
        level2 = self.conv2(self.conv1(x[:, :3]))
        first = self.conv3(level2)
        second = self.conv3(self.conv2(self.conv1(x[:, 3:])))
        matches = self.corr_activation(correlation(first, second))
        level3 = self.conv3_1(torch.cat([self.conv_redir(first), matches], dim=1))
        return level2, level3
