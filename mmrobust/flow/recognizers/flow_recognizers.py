"""Flow recognisers on raw frames, with 2D and with 3D convolutions.

Shapes: N videos, M clips of each (views), T flow fields of a clip, H, W
pixels.
"""

from __future__ import annotations

from mmaction.models.recognizers import Recognizer2D, Recognizer3D
from torch import Tensor

from mmrobust.flow.recognizers.flow_input import FlowInput
from mmrobust.functional.checks import require
from mmrobust.registry import MODELS


@MODELS.register_module()
class FlowRecognizer2D(FlowInput, Recognizer2D):
    """A 2D recogniser, such as TSN, on the flow of its clips' frames.

    The T fields of a clip become the channels x0, y0, x1, y1, ... of the
    backbone, so that its first convolution decides how many frames a clip must
    have: T + 1 as a stack, 2T as pairs. Options: see
    :class:`~mmrobust.flow.recognizers.flow_input.FlowInput`.
    """

    def check_backbone(self) -> None:
        """An x and a y channel for every field."""
        even = self.channels is None or self.channels % 2 == 0
        rule = 'an even number, as every flow field has an x and a y channel'
        require(even, 'backbone.in_channels', rule, self.channels)

    def arrange(self, images: Tensor) -> Tensor:
        """(N, M, 2T, H, W).

        Raises:
            ValueError: 2T is not what the backbone takes.
        """
        channels = 2 * images.shape[2]
        if self.channels is not None and channels != self.channels:
            fields = self.channels // 2
            pairs = self.sampling == 'pairs'
            fitting = f'SamplePairs(clip_len={fields})' if pairs else f'clip_len={fields + 1}'
            raise ValueError(
                f'inputs give {channels} flow channels, but the first convolution of the '
                f'backbone takes {self.channels}; sample with {fitting}'
            )
        return images.flatten(2, 3)


@MODELS.register_module()
class FlowRecognizer3D(FlowInput, Recognizer3D):
    """A 3D recogniser, such as SlowOnly, on the flow of its clips' frames.

    The backbone takes two channels, x and y, of T fields. Options: see
    :class:`~mmrobust.flow.recognizers.flow_input.FlowInput`.
    """

    def check_backbone(self) -> None:
        """Two channels."""
        two = self.channels in (None, 2)
        require(two, 'backbone.in_channels', '2, for the x and y of the flow', self.channels)

    def arrange(self, images: Tensor) -> Tensor:
        """(N, M, 2, T, H, W)."""
        return images.transpose(2, 3).contiguous()
