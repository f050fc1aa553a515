"""The base class of OpenCV's flow estimators.

Shapes: M pairs of frames, H, W pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from torch import Tensor

from mmrobust.flow.classical.cache import DiskCache
from mmrobust.flow.classical.opencv import Flow, Frame
from mmrobust.flow.classical.pool import WorkerPool
from mmrobust.flow.estimator import FlowEstimator
from mmrobust.functional.checks import require, whole


class ClassicalFlow(FlowEstimator):
    """Flow by a function of two grey 8-bit frames, without a gradient.

    Frames on any device are rounded and clamped to whole grey levels 0..255
    and turned grey as OpenCV does it. The flow is OpenCV's own, bit for bit,
    whatever the number of processes and threads, and whether cached or not.

    Args:
        method: A function of :mod:`mmrobust.flow.classical.opencv` with its
            parameters.
        workers: Processes that compute pairs; 0 computes in this one. They
            start once, and import the main script again: its start must stand
            under ``if __name__ == '__main__':``.
        cache: Folder that keeps the flow of every pair (8 bytes per pixel);
            None keeps nothing. Worth it for TV-L1; reading costs about as much
            as DIS. Not to be carried to another kind of processor, where the
            last bits of the flow may differ.
        progress: Show a bar in a terminal while several pairs are computed.
        backward: An estimator whose gradient stands in for the missing one.

    Attributes:
        cache: The :class:`~mmrobust.flow.classical.cache.DiskCache` with its
            counts of hits and misses, or None.

    Raises:
        ValueError: An option is out of range, or the frames are not finite.
        RuntimeError: A worker process died.
    """

    differentiable: ClassVar[bool] = False

    def __init__(
        self,
        method: partial[Flow],
        *,
        workers: int,
        cache: str | None,
        progress: bool,
        backward: FlowEstimator | None,
    ) -> None:
        super().__init__(backward)
        require(whole(workers, 0), 'workers', 'a whole number >= 0', workers)
        folder = None if cache is None else Path(cache).expanduser()
        require(folder is None or not folder.is_file(), 'cache', 'a folder', cache)
        self.method = method
        self.progress = progress
        self.pool = WorkerPool(workers)
        options = sorted(method.keywords.items())
        maker = f'{method.func.__name__} {options} OpenCV {cv2.__version__}'
        self.cache = None if folder is None else DiskCache(folder, maker)

    def estimate(self, first: Tensor, second: Tensor) -> Tensor:
        """Flow (M, 2, H, W), float32 on the CPU, of frames (M, 3, H, W), 0..255."""
        pairs = list(zip(grey(first), grey(second), strict=True))
        flows = self._computed(pairs) if self.cache is None else self._cached(self.cache, pairs)
        stacked = np.empty((len(pairs), *first.shape[2:], 2), np.float32)
        for row, flow in enumerate(flows):
            stacked[row] = flow
        return torch.from_numpy(stacked).permute(0, 3, 1, 2).contiguous()

    def close(self) -> None:
        """End the worker processes; they start again when they are needed."""
        self.pool.close()

    def _cached(self, cache: DiskCache, pairs: list[tuple[Frame, Frame]]) -> list[Flow]:
        keys = [cache.key(*pair) for pair in pairs]
        named = dict(zip(keys, pairs, strict=True))
        found = {key: cache.load(key, pair[0].shape) for key, pair in named.items()}
        missing = [key for key, flow in found.items() if flow is None]
        flows = {key: flow for key, flow in found.items() if flow is not None}
        computed = self._computed([named[key] for key in missing])
        for key, flow in zip(missing, computed, strict=True):
            # One by one: what an interrupted run has computed is kept.
            cache.store(key, flow)
            flows[key] = flow
        return [flows[key] for key in keys]

    def _computed(self, pairs: Sequence[tuple[Frame, Frame]]) -> Iterable[Flow]:
        flows = self.pool.map(self.method, pairs)
        if not self.progress or len(pairs) < 2:
            return flows
        console = Console(stderr=True)
        if not console.is_terminal:
            return flows
        return track(flows, 'optical flow', len(pairs), console=console, transient=True)


def grey(frames: Tensor) -> list[Frame]:
    """Grey frames, uint8 (H, W), of RGB ones (M, 3, H, W), 0..255."""
    # The extremes carry nan and inf along, at a tenth of the cost of isfinite().
    ends = frames.aminmax() if frames.numel() else ()
    require(all(bool(end.isfinite()) for end in ends), 'frames', 'finite', 'inf or nan')
    pixels = frames.detach().round().clamp_(0, 255).to(torch.uint8)
    rows = pixels.permute(0, 2, 3, 1).contiguous().cpu().numpy()
    return [np.asarray(cv2.cvtColor(row, cv2.COLOR_RGB2GRAY), np.uint8) for row in rows]
