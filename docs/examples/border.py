"""A threat that reaches the border of every frame alone."""

from dataclasses import dataclass

import torch
from torch import Tensor

from mmrobust.functional.checks import require, whole
from mmrobust.registry import THREATS
from mmrobust.threats.masks import Masked


@THREATS.register_module()
@dataclass(frozen=True)
class Border(Masked):
    """Only a border of ``width`` pixels may change, the same in every frame.

    Args:
        threat: The ball inside the border.
        width: Of the border, pixels of the attacked frame, >= 1.
    """

    width: int = 8

    def __post_init__(self) -> None:
        super().__post_init__()
        require(whole(self.width, 1), 'width', 'a whole number >= 1', self.width)

    def mask(self, pixels: Tensor) -> Tensor:
        """(H, W), True within ``width`` pixels of an edge."""
        height, width = pixels.shape[-2:]
        most = min(height, width) // 2
        require(self.width <= most, 'width', f'at most {most}, half a frame', self.width)
        mask = torch.ones(height, width, dtype=torch.bool, device=pixels.device)
        mask[self.width : -self.width, self.width : -self.width] = False
        return mask
