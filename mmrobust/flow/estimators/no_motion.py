"""No motion at all, for ablations. Shapes: M pairs of frames, H, W pixels."""

from torch import Tensor

from mmrobust.flow.estimator import FlowEstimator
from mmrobust.registry import FLOWS


@FLOWS.register_module()
class NoMotion(FlowEstimator):
    """Zero flow, for whatever frames. It has no gradient, not one of zero."""

    differentiable = False

    def estimate(self, first: Tensor, second: Tensor) -> Tensor:
        """Zeros (M, 2, H, W) for frames (M, 3, H, W)."""
        return first.new_zeros(len(first), 2, *first.shape[2:])
