"""Flow from coarse to fine: the half that all of FlowNet2's networks share.

Levels are numbered by the halvings of the sides: level 6 is at 1/64, level 2
at 1/4, level 0 at the size of the frames.
Shapes: M pairs; features of level l are (M, C_l, H / 2^l, W / 2^l).
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from mmrobust.flow.flownet2.blocks import (
    deconvolution,
    flow_prediction,
    flow_upsampling,
    smoothing,
)
from mmrobust.flow.flownet2.network import FlowNetwork


class Decoder(FlowNetwork):
    """Predicts flow at the coarsest level and refines it level by level.

    Fischer et al. 2015 (FlowNet, arXiv:1504.06852), section 3, "Refinement":
    a level sees the encoder's features, the deconvolved features of the level
    before, and its flow, upsampled by a learnt layer.

    Args:
        encoded: Channels of the encoder's features, coarsest level first.
        decoded: Channels of the deconvolved ones, from the second level on.
        coarsest: Number of the coarsest level.
        smooth: Whether a convolution precedes each prediction but the first.
        upsampling_bias: Whether the layers that upsample flow have biases.
    """

    def __init__(
        self,
        encoded: Sequence[int],
        decoded: Sequence[int],
        *,
        coarsest: int,
        smooth: bool,
        upsampling_bias: bool,
    ) -> None:
        super().__init__()
        self.coarsest = coarsest
        self.smooth = smooth
        self.add_module(f'predict_flow{coarsest}', flow_prediction(encoded[0]))
        before = encoded[0]
        levels = range(coarsest - 1, coarsest - len(encoded), -1)
        for level, skip, channels in zip(levels, encoded[1:], decoded, strict=True):
            self.add_module(f'deconv{level}', deconvolution(before, channels))
            self.add_module(
                f'upsampled_flow{level + 1}_to_{level}', flow_upsampling(upsampling_bias)
            )
            before = skip + channels + 2
            if smooth:
                self.add_module(f'inter_conv{level}', smoothing(before, channels))
            self.add_module(f'predict_flow{level}', flow_prediction(channels if smooth else before))

    def decode(self, encoded: Sequence[Tensor]) -> list[Tensor]:
        """Flow at every level, finest first, as predicted, from features, coarsest first."""
        features = encoded[0]
        flows = [self._layer(f'predict_flow{self.coarsest}', features)]
        for depth, skip in enumerate(encoded[1:], start=1):
            level = self.coarsest - depth
            raised = self._layer(f'upsampled_flow{level + 1}_to_{level}', flows[-1])
            deeper = self._layer(f'deconv{level}', features)
            features = torch.cat([skip, deeper, raised], dim=1)
            smooth = self._layer(f'inter_conv{level}', features) if self.smooth else features
            flows.append(self._layer(f'predict_flow{level}', smooth))
        return flows[::-1]

    def _layer(self, name: str, x: Tensor) -> Tensor:
        result: Tensor = self.get_submodule(name)(x)
        return result
