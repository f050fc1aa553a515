"""How much a picture or video still looks like itself."""

from __future__ import annotations

import torch
from torch import Tensor

from mmrobust.functional.psnr import psnr
from mmrobust.functional.ssim import ssim


def picture_quality(clean: Tensor, changed: Tensor) -> dict[str, float | None]:
    """``psnr`` in decibels and ``ssim``; None where they mean nothing.

    Args:
        clean: (C, H, W) or (C, T, H, W); both are None unless it is uint8.
        changed: Of the same shape, whole grey levels.
    """
    if clean.dtype != torch.uint8:
        return {'psnr': None, 'ssim': None}
    changed = changed.cpu()
    return {'psnr': psnr(clean, changed), 'ssim': ssim(clean, changed)}
