"""A top-down pose estimator whose network is deployed elsewhere.

Shapes: N crops, K joints.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmpose.models.pose_estimators import TopdownPoseEstimator
from torch import Tensor

from mmrobust.functional.checks import require
from mmrobust.registry import MODELS


@MODELS.register_module()
class DeployedTopdown(TopdownPoseEstimator):
    """The config's data preprocessor, decoder and flip test round a deployed network.

    The network returns what the head's last layer would: heatmaps, both parts of SimCC, or
    coordinates in shares of the crop.

    Args:
        network: Options of :class:`~mmrobust.victims.deployed.network.ForeignNetwork`.
        head: The config's own, whose decoder is used.
        test_cfg: The config's own. Deployed code looks once: without a flip test.
        data_preprocessor: The config's own.
        metainfo: The config's own.
    """

    def __init__(
        self,
        network: dict[str, Any],
        head: dict[str, Any],
        test_cfg: dict[str, Any] | None = None,
        data_preprocessor: dict[str, Any] | None = None,
        metainfo: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(
            backbone={'type': 'mmrobust.ForeignNetwork', **network},
            head=head,
            test_cfg=test_cfg,
            data_preprocessor=data_preprocessor,
            metainfo=metainfo,
        )
        self.head.forward = self._response

    def extract_feat(self, inputs: Tensor) -> Mapping[str, Tensor]:
        """What the network returns, by name."""
        found: Mapping[str, Tensor] = self.backbone(inputs)
        return found

    def _response(self, found: Mapping[str, Tensor]) -> Any:
        """The argument of the head's decoder, checked against what that expects."""
        parts = [one.float() for one in found.values()]
        wanted = self._shapes()
        got = [tuple(one.shape[1:]) for one in parts]
        if sorted(got) == sorted(wanted) and got != wanted:
            parts = [parts[got.index(shape)] for shape in wanted]
            got = wanted
        rule = f'of shapes (N, *) {wanted}, which {type(self.head).__name__} decodes'
        require(
            got == wanted,
            'the outputs of the deployed network',
            rule,
            dict(zip(found, got, strict=True)),
        )
        return parts[0] if len(parts) == 1 else tuple(parts)

    def _shapes(self) -> list[tuple[int, ...]]:
        """Of the outputs that the head decodes, without the batch."""
        codec, head = self.head.decoder, self.head
        own: Any = getattr(head, 'out_channels', None) or getattr(head, 'num_joints', 0)
        joints = int(own)
        if hasattr(codec, 'simcc_split_ratio'):
            width, height = (round(s * codec.simcc_split_ratio) for s in codec.input_size)
            return [(joints, width), (joints, height)]
        if hasattr(codec, 'heatmap_size'):
            width, height = codec.heatmap_size
            return [(joints, height, width)]
        return [(joints, 2)]
