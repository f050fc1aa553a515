"""Heatmaps: the argmax, and what refines it, ends the gradient.

Shapes: N samples, K joints, H, W of a heatmap.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from mmrobust.functional.checks import require
from mmrobust.functional.local_maxima import local_maxima
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
    def refinement(self) -> float:
        """A quarter of a cell along both axes; half of one where a bump is fitted.

        What is fitted has no bound, but a bump that peaks further away has another best cell.
        """
        fitted = getattr(self.codec, 'unbiased', type(self.codec).__name__ == 'UDPHeatmap')
        cells = 0.5 if fitted else 0.25
        return cells * float(torch.as_tensor(self.codec.scale_factor).norm())

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

    def peak_scores(self, outputs: Tensor) -> Tensor:
        """Heights of the highest cells, in the decoder's scale; Megvii's also blurs the maps."""
        peaks = self.unflatten(outputs).flatten(2).amax(dim=2)
        return peaks / 255 + self.nothing if self._megvii else peaks

    def groups(self, outputs: Tensor, reference: PoseReference) -> Tensor:
        """<h, F> of every joint (N, K)."""
        return (self.unflatten(outputs) * reference.response).flatten(2).sum(dim=2)

    def losses(self) -> Mapping[str, Loss]:
        """``heatmap_mse`` and ``soft_argmax``."""
        return {'heatmap_mse': self.heatmap_mse, 'soft_argmax': self.soft_argmax}

    def joint_margins(self, outputs: Tensor, keypoints: Tensor, reach: Tensor) -> Tensor:
        """Best cell beyond reach minus best cell within it, over the heatmap's range (N, K).

        Exact but for what decoders add to the best cell, which is ``refinement``.
        """
        flat = self.unflatten(outputs).flatten(2)
        inside = self._inside(keypoints, reach)
        return outside_margin(flat, inside) / _height(flat)

    def peaks(self, outputs: Tensor, keypoints: Tensor, reach: Tensor, count: int) -> Tensor:
        """The highest local maxima of each heatmap among the cells beyond reach."""
        heatmaps = self.unflatten(outputs)
        peaks = local_maxima(heatmaps, 2).flatten(2) & ~self._inside(keypoints, reach)
        heights = heatmaps.detach().flatten(2).masked_fill(~peaks, -torch.inf)
        # A stable order, so that equal peaks of a batch are those of its samples alone.
        best = heights.sort(dim=2, descending=True, stable=True)
        some, cells = best.values[..., :count], best.indices[..., :count]
        found = keypoints.new_full((*heights.shape[:2], count, 2), torch.nan)
        places = self._cells(keypoints)[cells]
        found[:, :, : cells.shape[2]] = places.masked_fill(~some.isfinite()[..., None], torch.nan)
        return found

    def leads(self, outputs: Tensor, keypoints: Tensor, reach: Tensor, places: Tensor) -> Tensor:
        """The cell of a place minus the best cell within reach, over the heatmap's range (N, K)."""
        flat, inside = self.unflatten(outputs).flatten(2), self._inside(keypoints, reach)
        known = places.isfinite().all(dim=2)
        cell = self._nearest(places.where(known[..., None], keypoints))
        within = flat.masked_fill(~inside, -torch.inf).amax(dim=2)
        found = (flat.gather(2, cell).squeeze(2) - within) / _height(flat)
        return found.masked_fill(~known | inside.gather(2, cell).squeeze(2), -torch.inf)

    def _cells(self, like: Tensor) -> Tensor:
        """Where the cells are (H * W, 2), row by row, input pixels."""
        width, height = self.codec.heatmap_size
        rows, columns = torch.meshgrid(
            torch.arange(height, device=like.device),
            torch.arange(width, device=like.device),
            indexing='ij',
        )
        cells = torch.stack([columns, rows], dim=-1).flatten(0, 1).to(like)
        scale = torch.as_tensor(self.codec.scale_factor).to(cells)
        return (cells + (0.5 if self._megvii else 0.0)) * scale

    def _nearest(self, places: Tensor) -> Tensor:
        """The cell nearest to each place (N, K, 1)."""
        gap = self._cells(places) - places[:, :, None]
        return gap.square().sum(dim=3).argmin(dim=2, keepdim=True)

    def _inside(self, keypoints: Tensor, reach: Tensor) -> Tensor:
        """Which cells (N, K, H * W) are within reach; where none is, the nearest one."""
        inside = (self._cells(keypoints) - keypoints[:, :, None]).norm(dim=3) <= reach[:, :, None]
        return inside.scatter(2, self._nearest(keypoints), True)

    def heatmap_mse(self, outputs: Tensor, reference: PoseReference) -> Tensor:
        """Squared error from the encoded heatmaps (N,)."""
        return heatmap_mse(self.unflatten(outputs), reference.response, reference.weights)


def _height(flat: Tensor) -> Tensor:
    """The range (N, K) of heatmaps (N, K, H * W) from mean to peak; 1 of a flat one."""
    height = (flat.amax(dim=2) - flat.mean(dim=2)).detach()
    return height.where(height > 0, torch.ones_like(height))
