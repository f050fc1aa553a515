"""Optical flow by polynomial expansion (Farneback 2003), by OpenCV.

"Two-Frame Motion Estimation Based on Polynomial Expansion", SCIA 2003.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import cv2

from mmrobust.flow.classical import opencv
from mmrobust.flow.classical.estimator import ClassicalFlow
from mmrobust.flow.estimator import FlowEstimator
from mmrobust.functional.checks import finite, require, whole
from mmrobust.registry import FLOWS

GAUSSIAN = cv2.OPTFLOW_FARNEBACK_GAUSSIAN


@FLOWS.register_module()
class Farneback(ClassicalFlow):
    """Displacement of a quadratic that is fitted round every pixel.

    Official setting: that of OpenCV's manual and of MMAction2's flow script,
    which are the defaults. Frames of any size.
    Where nothing moves, the flow near the border is not exactly zero.

    Args:
        pyr_scale: Size of a level relative to the finer one, in (0, 1).
        levels: Coarser levels above the frames, >= 0; those below 32 pixels are
            left out. (OpenCV's manual counts the frames as a level; its code
            does not.)
        winsize: Side of the averaging window, pixels, >= 1.
        iterations: Iterations per level, >= 1.
        poly_n: Side of the fitted neighbourhood, pixels, >= 1; usually 5 or 7.
        poly_sigma: Standard deviation of its weights, pixels, > 0; usually 1.1
            for 5 and 1.5 for 7.
        flags: 0, or ``cv2.OPTFLOW_FARNEBACK_GAUSSIAN`` (256) for a Gaussian
            window in place of a box.
        workers: Processes; this and the rest as in
            :class:`~mmrobust.flow.classical.estimator.ClassicalFlow`.
        cache: Folder that keeps the flow.
        progress: Show a bar in a terminal.
        backward: Estimator whose gradient stands in.
    """

    def __init__(
        self,
        *,
        pyr_scale: float = 0.5,
        levels: int = 3,
        winsize: int = 15,
        iterations: int = 3,
        poly_n: int = 5,
        poly_sigma: float = 1.2,
        flags: int = 0,
        workers: int = 0,
        cache: str | None = None,
        progress: bool = False,
        backward: FlowEstimator | None = None,
    ) -> None:
        require(finite(pyr_scale) and 0 < pyr_scale < 1, 'pyr_scale', 'in (0, 1)', pyr_scale)
        require(finite(poly_sigma) and poly_sigma > 0, 'poly_sigma', '> 0', poly_sigma)
        require(flags in (0, GAUSSIAN), 'flags', f'0 or {GAUSSIAN} (a Gaussian window)', flags)
        require(whole(levels, 0), 'levels', 'a whole number >= 0', levels)
        counts: dict[str, Any] = {'winsize': winsize, 'iterations': iterations, 'poly_n': poly_n}
        for name, count in counts.items():
            require(whole(count, 1), name, 'a whole number >= 1', count)
        method = partial(
            opencv.farneback,
            pyr_scale=pyr_scale,
            levels=levels,
            poly_sigma=poly_sigma,
            flags=flags,
            **counts,
        )
        super().__init__(method, workers=workers, cache=cache, progress=progress, backward=backward)
