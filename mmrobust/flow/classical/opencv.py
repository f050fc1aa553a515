"""OpenCV's dense optical flow between two grey frames.

Shapes: H, W pixels. Frames are uint8 (H, W); flow is float32 (H, W, 2):
(horizontal, vertical) displacements in pixels.

Each pair has an OpenCV object of its own, because these objects are not
functions of their input: a frame that is too small for the pyramid changes the
number of scales of every later call.
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
Flow = NDArray[np.float32]
Method = Callable[[Frame, Frame], Flow]

PRESETS = {
    'ultrafast': cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST,
    'fast': cv2.DISOPTICAL_FLOW_PRESET_FAST,
    'medium': cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
}


def tvl1(
    first: Frame,
    second: Frame,
    *,
    tau: float,
    lambda_: float,
    theta: float,
    scales: int,
    warps: int,
    epsilon: float,
    inner_iterations: int,
    outer_iterations: int,
    scale_step: float,
    gamma: float,
    median_filtering: int,
) -> Flow:
    """Dual TV-L1; needs opencv-contrib. Scales below 16 pixels are left out.

    Frames of one row are doubled: OpenCV reads uninitialised memory there.
    """
    module: Any = cv2.optflow
    # By position: the name of one of them is misspelt in some versions.
    method = module.DualTVL1OpticalFlow_create(
        tau,
        lambda_,
        theta,
        scales,
        warps,
        epsilon,
        inner_iterations,
        outer_iterations,
        scale_step,
        gamma,
        median_filtering,
        False,
    )
    return _padded(method, first, second, smallest=2)


def farneback(
    first: Frame,
    second: Frame,
    *,
    pyr_scale: float,
    levels: int,
    winsize: int,
    iterations: int,
    poly_n: int,
    poly_sigma: float,
    flags: int,
) -> Flow:
    """Polynomial expansion; levels below 32 pixels are left out."""
    module: Any = cv2
    flow = module.calcOpticalFlowFarneback(
        first, second, None, pyr_scale, levels, winsize, iterations, poly_n, poly_sigma, flags
    )
    return np.asarray(flow, np.float32)


def dis(first: Frame, second: Frame, *, preset: str) -> Flow:
    """Dense inverse search, on frames of at least one patch at the finest scale.

    OpenCV refuses sides below 8 or 12 pixels, and crashes the process where a
    wide frame is lower than a patch at a scale that it chose by the width
    alone (8 x 128 for example). Smaller frames are therefore continued to the
    right and below by their last column and row, and the flow is cropped.
    """
    module: Any = cv2
    method = module.DISOpticalFlow_create(PRESETS[preset])
    smallest = method.getPatchSize() << method.getFinestScale()
    return _padded(method, first, second, smallest)


def _padded(method: Any, first: Frame, second: Frame, smallest: int) -> Flow:
    """Flow of an OpenCV object, on frames of sides of at least ``smallest``."""
    height, width = first.shape
    below, right = max(0, smallest - height), max(0, smallest - width)
    frames = [
        cv2.copyMakeBorder(frame, 0, below, 0, right, cv2.BORDER_REPLICATE)
        for frame in (first, second)
    ]
    flow = method.calc(*frames, None)
    return np.ascontiguousarray(flow[:height, :width], np.float32)
