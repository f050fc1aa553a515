"""TV-L1 optical flow that gradients pass through.

C. Zach, T. Pock and H. Bischof, "A Duality Based Approach for Realtime TV-L1
Optical Flow", DAGM 2007. Shapes: M pairs of frames, H, W pixels.
"""

from torch import Tensor

from mmrobust.flow.estimator import FlowEstimator
from mmrobust.functional.tvl1 import TVL1Settings, tvl1
from mmrobust.registry import FLOWS

# OpenCV's weights of red, green and blue in a grey value.
_GREY = (0.299, 0.587, 0.114)


@FLOWS.register_module()
class DifferentiableTVL1(FlowEstimator):
    """OpenCV's ``DualTVL1OpticalFlow``, unrolled in PyTorch.

    Official setting: OpenCV's, which are the defaults. Deviations: no
    illumination term (gamma); grey values are not rounded.

    Agreement with OpenCV on the same grey image, mean endpoint difference per
    pair of frames in pixels, as the tests demand it: at most 0.04 on videos, real
    and embedded, 0.08 on FlyingChairs (mean flow 2 and 5). Most of it is in few
    pixels, where the flow depends on the last bits: noise of 0.001 grey levels
    moves OpenCV's own flow about as much. Where this noise moves it by less than
    0.02, the mean is at most 0.02. OpenCV's rounding of grey values to whole
    levels comes on top.

    The gradient is exact for what is computed; see
    :func:`mmrobust.functional.tvl1.tvl1`. It costs about twice the flow, and
    40 MiB for a pair of 96 x 128, 150 MiB for one of 224 x 224.

    Args:
        tau: Step of the dual iterations, > 0.
        lambda_: Weight of the data term, > 0; smaller is smoother.
        theta: How closely the auxiliary field follows the flow, > 0.
        scales: Levels of the pyramid, >= 1; those below 16 pixels are left out.
        warps: Warps per scale, >= 1.
        epsilon: A pair goes on to its next warp once an iteration changes its
            flow by no more than this (root mean square, pixels), >= 0.
        inner_iterations: Iterations between two median filters, >= 1.
        outer_iterations: Median filters per warp, >= 1.
        scale_step: Size of a level relative to the finer one, in (0, 1).
        median_filtering: Side of the median filter: 1 (none), 3 or 5.

    Raises:
        ValueError: A constant is out of range, or the frames are neither float32
            nor float64.
    """

    differentiable = True

    def __init__(
        self,
        *,
        tau: float = 0.25,
        lambda_: float = 0.15,
        theta: float = 0.3,
        scales: int = 5,
        warps: int = 5,
        epsilon: float = 0.01,
        inner_iterations: int = 30,
        outer_iterations: int = 10,
        scale_step: float = 0.8,
        median_filtering: int = 5,
    ) -> None:
        super().__init__()
        self.settings = TVL1Settings(
            tau=tau,
            lambda_=lambda_,
            theta=theta,
            scales=scales,
            warps=warps,
            epsilon=epsilon,
            inner_iterations=inner_iterations,
            outer_iterations=outer_iterations,
            scale_step=scale_step,
            median_filtering=median_filtering,
        )

    def estimate(self, first: Tensor, second: Tensor) -> Tensor:
        """Flow (M, 2, H, W) between RGB frames (M, 3, H, W), 0..255, of any size."""
        return tvl1(_grey(first), _grey(second), self.settings)


def _grey(frames: Tensor) -> Tensor:
    """RGB (M, 3, H, W) to grey (M, 1, H, W), not rounded."""
    weights = frames.new_tensor(_GREY).reshape(1, 3, 1, 1)
    return (frames * weights).sum(dim=1, keepdim=True)
