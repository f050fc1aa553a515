"""The noise of samplers on one video.

Shapes: C channels, T frames, H, W pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.colors import hsv_to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from mmrobust.registry import FLOWS, SAMPLERS
from mmrobust.samplers.motion import backward_motion

# Frames shown, the first and the last among them.
COLUMNS = 6
# An iteration at which a lookup of motion is at that of a later frame.
LATER = 70


def noise_picture(path: Path, clip: Tensor, samplers: Mapping[str, Any]) -> None:
    """Frames, motion, and each sampler's noise, as a grid of frames in time.

    Args:
        path: A .png file.
        clip: (3, T, H, W), 0..255.
        samplers: Configs by name.
    """
    frames = np.unique(np.linspace(0, clip.shape[1] - 1, COLUMNS).round().astype(int))
    maps = backward_motion(FLOWS.build({'type': 'TVL1'}), clip)
    rows: list[tuple[str, Sequence[NDArray[np.float32]]]] = [
        ('video', [clip[:, t].permute(1, 2, 0).numpy() / 255 for t in frames]),
        (
            f'motion, up to {float(maps.norm(dim=1).max()):.1f} px; white: none',
            _coloured(maps, frames),
        ),
    ]
    for name, config in samplers.items():
        bound = SAMPLERS.build(config).bind(clip)
        noise = bound.draw(torch.Generator().manual_seed(0), LATER)
        rows.append((name, [_grey(noise[:, t]) for t in frames]))
    figure = Figure(figsize=(1.5 * len(frames), 1.62 * len(rows)), layout='constrained')
    for line, (title, pictures) in zip(figure.subplots(len(rows), len(frames)), rows, strict=True):
        for axes, picture in zip(line, pictures, strict=True):
            axes.imshow(picture, interpolation='nearest')
            axes.set_axis_off()
        line[0].set_title(title, loc='left', fontsize=9)
    for axes, frame in zip(figure.axes, frames, strict=False):
        axes.text(1, 1.02, f'frame {frame}', ha='right', transform=axes.transAxes, fontsize=8)
    figure.savefig(path, dpi=110)


def _grey(noise: Tensor) -> NDArray[np.float32]:
    """Noise (3, H, W) of standard size as a picture (H, W, 3) round middle grey."""
    found: NDArray[np.float32] = (0.5 + noise.permute(1, 2, 0).numpy() / 6).clip(0, 1)
    return found


def _coloured(maps: Tensor, frames: Sequence[int]) -> list[NDArray[np.float32]]:
    """Motion (T, 2, H, W): the hue is its direction, the colour's strength its size."""
    x, y = maps[:, 0].numpy(), maps[:, 1].numpy()
    size = np.hypot(x, y)
    hue = (np.arctan2(y, x) / (2 * np.pi)) % 1
    hsv = np.stack([hue, (size / max(size.max(), 1e-6)).clip(0, 1), np.ones_like(hue)], axis=-1)
    return [hsv_to_rgb(hsv[t]) for t in frames]
