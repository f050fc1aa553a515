"""The layers that FlowNet2's networks are made of.

Shapes: M pairs, H, W pixels. A layer with an activation is a Sequential, hence
NVIDIA's names ``conv1.0.weight`` and ``predict_flow6.weight``.
"""

from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn

from mmrobust.functional.checks import finite, require

# Networks predict flow in units of this many pixels.
FLOW_UNIT = 20.0
# The finest prediction of all networks but the fusion is at 1/4 of the sides.
FINEST = 4

Upsampling = Literal['bilinear', 'nearest']


def scaled(channels: int, width: float) -> int:
    """``channels`` times ``width``, at least one."""
    require(finite(width) and width > 0, 'width', 'a finite number above 0', width)
    return max(1, round(channels * width))


def activation() -> nn.LeakyReLU:
    """LeakyReLU with slope 0.1."""
    return nn.LeakyReLU(0.1, inplace=True)


def convolution(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    """A convolution of odd ``size`` that keeps the sides (over the stride), and its activation."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, size, stride, size // 2), activation())


def smoothing(inputs: int, outputs: int) -> nn.Sequential:
    """A 3x3 convolution without an activation, between a level and its prediction."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, 1, 1))


def deconvolution(inputs: int, outputs: int) -> nn.Sequential:
    """Doubles the sides."""
    return nn.Sequential(nn.ConvTranspose2d(inputs, outputs, 4, 2, 1), activation())


def flow_prediction(inputs: int) -> nn.Conv2d:
    """Features to flow (M, 2, H, W)."""
    return nn.Conv2d(inputs, 2, 3, 1, 1)


def flow_upsampling(bias: bool) -> nn.ConvTranspose2d:
    """Flow at one level to flow at the next finer one."""
    return nn.ConvTranspose2d(2, 2, 4, 2, 1, bias=bias)


def initialise(network: nn.Module) -> None:
    """NVIDIA's start: weights Xavier-uniform, biases uniform in [0, 1)."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.uniform_(module.bias)


def enlarge(flow: Tensor, upsampling: Upsampling) -> Tensor:
    """The finest prediction (M, 2, H / 4, W / 4) at the frames' size; its values stay."""
    corners = None if upsampling == 'nearest' else False
    return F.interpolate(flow, scale_factor=FINEST, mode=upsampling, align_corners=corners)
