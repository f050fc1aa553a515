"""Curves of all arms on one page, and the noise of the samplers on one video.

Shapes: C channels, T frames, H, W pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.colors import hsv_to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, StrMethodFormatter
from numpy.typing import NDArray
from torch import Tensor

from mmrobust.evaluation.queries import cosine_curve, curve
from mmrobust.registry import FLOWS, SAMPLERS
from mmrobust.samplers.motion import backward_motion
from mmrobust.visualization.curves import legend, share_axis
from mmrobust.visualization.figures import Plot
from mmrobust.visualization.svg import ADVERSARIAL, CLEAN, GOOD, INK, MUTED, inline
from projects.motion_excited_sampler import arms as configs
from projects.motion_excited_sampler.claims import Arms
from projects.motion_excited_sampler.measure import Arm
from projects.motion_excited_sampler.tables import under_way

# The sampler in question has the colour of attacks in every figure.
OTHERS = (CLEAN, GOOD, INK, MUTED)
GROUPS = {
    'samplers': ('multi_noise', 'one_noise', 'sparked', 'geometric', 'sparked_start'),
    'rivals': ('sparked', 'sparked_lookup', *configs.RIVALS),
}
# An iteration at which sparked_lookup is at the motion of a later frame.
LATER = 70
DASH = (0, (5, 2))


def curves(name: str, arms: Arms) -> list[Plot]:
    """Success against queries, the four samplers and the rivals, where there are any."""
    found = []
    for title, group in GROUPS.items():
        shown = {arm: arms[arm] for arm in group if arm in arms}
        if len(shown) > 1:
            # Rivals are tried on fewer videos: all on those. Searches from elsewhere are their own.
            tried = [set(arm.success) for name, arm in shown.items() if name != configs.STARTED]
            common = set.intersection(*tried)
            shown = {
                name: under_way(arm) if name == configs.STARTED else arm.only(common)
                for name, arm in shown.items()
            }
            found.append(_plot(f'{name}: {title}', shown))
    return found


def _plot(title: str, arms: Arms) -> Plot:
    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        # Last, so that it lies on top of those that coincide with it.
        for place, name in enumerate(sorted(arms, key='sparked'.__eq__)):
            _steps(axes, arms[name], name, place)
        share_axis(axes)
        axes.set_xlim(1, None)
        axes.set_xscale('log')
        axes.xaxis.set_major_formatter(StrMethodFormatter('{x:,.0f}'))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel('queries')
        axes.set_ylabel('fooled')
        legend(axes, len(arms))

    words = ''.join(letter if letter.isalnum() else '-' for letter in title)
    note = 'Share of attacked videos, all seeds, fooled with no more queries.'
    return Plot(title, inline(draw, words, title, 3.2), note)


def cosine_plots(title: str, arms: Arms) -> list[Plot]:
    """Cosine of estimated and true gradient along the run; nothing where none was kept."""
    lines = {name: cosine_curve(arm.lines) for name, arm in arms.items()}
    shown = {name: points for name, points in lines.items() if points}
    if not shown:
        return []

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for place, name in enumerate(sorted(shown, key='sparked'.__eq__)):
            queries, cosines, _ = zip(*shown[name], strict=True)
            colour = ADVERSARIAL if name == 'sparked' else OTHERS[place % len(OTHERS)]
            axes.plot(queries, cosines, color=colour, lw=1.6, marker='.', label=name)
        axes.set_xlabel('queries')
        axes.set_ylabel('cosine')
        legend(axes, len(shown))

    words = ''.join(letter if letter.isalnum() else '-' for letter in title)
    note = 'Cosine of estimated and true gradient, mean over the videos that are not fooled yet.'
    return [Plot(title, inline(draw, words, title, 3.2), note)]


def _steps(axes: Axes, arm: Arm, name: str, place: int) -> None:
    """The share up to the budget: the last step goes on to it."""
    points = curve([line['queries'] for line in arm.lines if line['success']], len(arm.lines))
    x = [max(queries, 1) for queries, _ in points] + [arm.budget]
    y = [share for _, share in points] + [points[-1][1] if points else 0.0]
    colour = ADVERSARIAL if name == 'sparked' else OTHERS[place % len(OTHERS)]
    dash = '-' if name == 'sparked' or place < len(OTHERS) else DASH
    axes.step(x, y, where='post', color=colour, ls=dash, lw=1.6, label=name)


def noise_picture(path: Path, clip: Tensor, columns: int = 6) -> None:
    """Frames, motion, and each sampler's noise, as a grid of frames in time.

    Args:
        path: A .png file.
        clip: (3, T, H, W), 0..255.
        columns: Frames shown, the first and the last among them.
    """
    frames = np.unique(np.linspace(0, clip.shape[1] - 1, columns).round().astype(int))
    maps = backward_motion(FLOWS.build({'type': 'TVL1'}), clip)
    rows: list[tuple[str, Sequence[NDArray[np.float32]]]] = [
        ('video', [clip[:, t].permute(1, 2, 0).numpy() / 255 for t in frames]),
        (
            f'motion, up to {float(maps.norm(dim=1).max()):.1f} px; white: none',
            _coloured(maps, frames),
        ),
    ]
    for name, config in configs.SAMPLERS.items():
        if name != 'no_motion':
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
