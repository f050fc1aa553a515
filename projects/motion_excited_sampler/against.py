"""Motion the wrong way: a control for what a warp does beside following the video."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from mmrobust.flow.estimator import FlowEstimator
from mmrobust.registry import FLOWS


@FLOWS.register_module()
class AgainstTVL1(FlowEstimator):
    """Minus the flow of TV-L1.

    Noise that is warped along it is smoothed, and loses variance, as much as noise that
    follows the video; but it moves against the video.
    """

    differentiable: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self.along: FlowEstimator = FLOWS.build({'type': 'TVL1'})

    def estimate(self, first: Tensor, second: Tensor) -> Tensor:
        """Flow (M, 2, H, W), pixels."""
        return -self.along.estimate(first, second)
