"""TV-L1 optical flow by OpenCV (Zach, Pock and Bischof 2007).

"A Duality Based Approach for Realtime TV-L1 Optical Flow", DAGM 2007; OpenCV
follows Sanchez Perez, Meinhardt-Llopis and Facciolo, "TV-L1 Optical Flow
Estimation", IPOL 2013.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import cv2

from mmrobust.flow.classical import opencv
from mmrobust.flow.classical.estimator import ClassicalFlow
from mmrobust.flow.estimator import FlowEstimator
from mmrobust.functional.checks import finite, require
from mmrobust.functional.tvl1 import TVL1Settings
from mmrobust.registry import FLOWS


@FLOWS.register_module()
class TVL1(ClassicalFlow):
    """Total variation of the flow, l_1 norm of the data term.

    Official setting: OpenCV's, which are the defaults. Frames of any size.

    Args:
        tau: Step of the dual iterations, > 0.
        lambda_: Weight of the data term, > 0; smaller is smoother.
        theta: How closely the auxiliary field follows the flow, > 0.
        scales: Levels of the pyramid, >= 1; those below 16 pixels are left out.
        warps: Warps per scale, >= 1.
        epsilon: Stop the iterations below this change, >= 0.
        inner_iterations: Iterations between two stops, >= 1.
        outer_iterations: Iterations between two median filters, >= 1.
        scale_step: Size of a level relative to the finer one, in (0, 1).
        gamma: Weight of the illumination term, >= 0; 0 is without.
        median_filtering: Side of the median filter: 1 (none), 3 or 5.
        workers: Processes; this and the rest as in
            :class:`~mmrobust.flow.classical.estimator.ClassicalFlow`.
        cache: Folder that keeps the flow.
        progress: Show a bar in a terminal.
        backward: Estimator whose gradient stands in.

    Raises:
        ImportError: OpenCV comes without its contributed modules.
    """

    def __init__(
        self,
        *,
        tau: float = 0.25,
        lambda_: float = 0.15,
        theta: float = 0.3,
        scales: int = 5,
        warps: int = 5,
        epsilon: float = 0.01,
        inner_iterations: int = 30,
        outer_iterations: int = 10,
        scale_step: float = 0.8,
        gamma: float = 0.0,
        median_filtering: int = 5,
        workers: int = 0,
        cache: str | None = None,
        progress: bool = False,
        backward: FlowEstimator | None = None,
    ) -> None:
        _require_contrib()
        options: dict[str, Any] = {
            'tau': tau,
            'lambda_': lambda_,
            'theta': theta,
            'scales': scales,
            'warps': warps,
            'epsilon': epsilon,
            'inner_iterations': inner_iterations,
            'outer_iterations': outer_iterations,
            'scale_step': scale_step,
            'gamma': gamma,
            'median_filtering': median_filtering,
        }
        require(finite(gamma) and gamma >= 0, 'gamma', '>= 0', gamma)
        # The others are those of the method without illumination, which checks them.
        TVL1Settings(**{name: options[name] for name in options if name != 'gamma'})
        method = partial(opencv.tvl1, **options)
        super().__init__(method, workers=workers, cache=cache, progress=progress, backward=backward)


def _require_contrib() -> None:
    module = getattr(cv2, 'optflow', None)
    if not hasattr(module, 'DualTVL1OpticalFlow_create'):
        raise ImportError(
            'TVL1 needs the contributed modules of OpenCV: pip install opencv-contrib-python '
            '(in place of opencv-python or after it, in the same version)'
        )
