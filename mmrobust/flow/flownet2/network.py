"""What every member of the family is: channels of two frames in, flow out.

Shapes: M pairs, H, W pixels, both sides multiples of 64.
"""

from torch import Tensor, nn

from mmrobust.flow.flownet2.blocks import Upsampling, enlarge


class FlowNetwork(nn.Module):
    """A module whose call returns flow fields in pixels, finest first.

    Attributes:
        upsampling: How the finest one, at 1/4 of the sides, reaches full size;
            None where it has full size already.
    """

    upsampling: Upsampling | None = 'bilinear'

    def full(self, x: Tensor) -> Tensor:
        """Flow (M, 2, H, W) in pixels."""
        flow: Tensor = self(x)[0]
        return flow if self.upsampling is None else enlarge(flow, self.upsampling)
