"""Heatmaps: the argmax, and what refines it, ends the gradient.

Shapes: N samples, K joints, H, W of a heatmap.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from mmrobust.functional.checks import require
from mmrobust.functional.pose_losses import heatmap_mse, outside_margin, soft_argmax_2d
from mmrobust.victims.pose.head_adapters.base import HeadAdapter, Loss, PoseReference
from mmrobust.victims.pose.head_adapters.registry import register

# A peak of full height outweighs 10^6 cells of nothing 480 times.
TEMPERATURE = 20.0


@register('HeatmapHead', 'ViPNASHead', 'CPMHead', 'MSPNHead')
class HeatmapAdapter(HeadAdapter):
    """F^k = heatmaps (N, K, H, W), those of the last stage where there are several."""

    codecs = ('MSRAHeatmap', 'UDPHeatmap', 'MegviiHeatmap')

    def __init__(self, head: Any) -> None:
        super().__init__(head)
        kind = getattr(self.codec, 'heatmap_type', 'gaussian')
        require(kind == 'gaussian', 'head.decoder.heatmap_type', 'gaussian', kind)

    @property
    def _megvii(self) -> bool:
        return type(self.codec).__name__ == 'MegviiHeatmap'

    @property
    def nothing(self) -> float:
        """0, but 0.5 of Megvii's decoder, which adds as much to every score."""
        return 0.5 if self._megvii else 0.0

    def flatten(self, response: Tensor) -> Tensor:
        """(N, K, H, W) -> (N, K * H * W)."""
        size = (response.shape[3], response.shape[2])
        expected = tuple(self.codec.heatmap_size)
        require(size == expected, 'heatmaps', f"of the codec's {expected}", size)
        return self.picked(response, 1).flatten(1)

    def unflatten(self, outputs: Tensor) -> Tensor:
        """(N, K * H * W) -> (N, K, H, W)."""
        width, height = self.codec.heatmap_size
        return outputs.reshape(len(outputs), -1, height, width)

    def encoded_response(self, encoded: Mapping[str, Any]) -> Tensor:
        """The encoded heatmaps (K, H, W)."""
        return torch.from_numpy(encoded['heatmaps'])

    def soft_coordinates(self, outputs: Tensor) -> Tensor:
        """Mean cell under a softmax of each heatmap, peaks scaled to TEMPERATURE."""
        # Megvii's peaks are 255 high, and its cells are counted from their corners.
        cells = soft_argmax_2d(self.unflatten(outputs), TEMPERATURE / (255 if self._megvii else 1))
        scale = torch.as_tensor(self.codec.scale_factor).to(cells)
        return (cells + (0.5 if self._megvii else 0.0)) * scale

    def groups(self, outputs: Tensor, reference: PoseReference) -> Tensor:
        """<h, F> of every joint (N, K)."""
        return (self.unflatten(outputs) * reference.response).flatten(2).sum(dim=2)

    def losses(self) -> Mapping[str, Loss]:
        """``heatmap_mse`` and ``soft_argmax``."""
        return {'heatmap_mse': self.heatmap_mse, 'soft_argmax': self.soft_argmax}

    def joint_margins(self, outputs: Tensor, keypoints: Tensor, reach: Tensor) -> Tensor:
        """Best cell beyond reach minus best cell within it, over the heatmap's range (N, K).

        Exact but for what decoders add to the best cell, which is less than a cell.
        """
        heatmaps = self.unflatten(outputs)
        height, width = heatmaps.shape[2:]
        rows, columns = torch.meshgrid(
            torch.arange(height, device=outputs.device),
            torch.arange(width, device=outputs.device),
            indexing='ij',
        )
        cells = torch.stack([columns, rows], dim=-1).flatten(0, 1).to(keypoints)
        places = (cells + (0.5 if self._megvii else 0.0)) * torch.as_tensor(
            self.codec.scale_factor
        ).to(cells)
        inside = (places - keypoints[:, :, None]).norm(dim=3) <= reach[:, :, None]
        # Where no cell lies within reach, the nearest one does.
        nearest = (places - keypoints[:, :, None]).square().sum(dim=3).argmin(dim=2, keepdim=True)
        inside = inside.scatter(2, nearest, True)
        flat = heatmaps.flatten(2)
        scale = (flat.amax(dim=2) - flat.mean(dim=2)).detach()
        return outside_margin(flat, inside) / scale.where(scale > 0, torch.ones_like(scale))

    def heatmap_mse(self, outputs: Tensor, reference: PoseReference) -> Tensor:
        """Squared error from the encoded heatmaps (N,)."""
        return heatmap_mse(self.unflatten(outputs), reference.response, reference.weights)
