"""Dense inverse search (Kroeger, Timofte, Dai and Van Gool 2016), by OpenCV.

"Fast Optical Flow using Dense Inverse Search", ECCV 2016, arXiv:1603.03590.
"""

from __future__ import annotations

from functools import partial

from mmrobust.flow.classical import opencv
from mmrobust.flow.classical.estimator import ClassicalFlow
from mmrobust.flow.estimator import FlowEstimator
from mmrobust.functional.checks import require
from mmrobust.registry import FLOWS


@FLOWS.register_module()
class DIS(ClassicalFlow):
    """Patches searched for from coarse to fine, then a variational refinement.

    Official setting: OpenCV's preset ``fast``, which is its default.
    Deviation: frames below 32 pixels (16 for ``medium``) are continued by
    their last row and column, as OpenCV refuses some and crashes on others.

    Args:
        preset: ``ultrafast`` (no refinement), ``fast`` or ``medium``.
        workers: Processes; this and the rest as in
            :class:`~mmrobust.flow.classical.estimator.ClassicalFlow`.
        cache: Folder that keeps the flow.
        progress: Show a bar in a terminal.
        backward: Estimator whose gradient stands in.
    """

    def __init__(
        self,
        *,
        preset: str = 'fast',
        workers: int = 0,
        cache: str | None = None,
        progress: bool = False,
        backward: FlowEstimator | None = None,
    ) -> None:
        require(preset in opencv.PRESETS, 'preset', f'one of {tuple(opencv.PRESETS)}', preset)
        super().__init__(
            partial(opencv.dis, preset=preset),
            workers=workers,
            cache=cache,
            progress=progress,
            backward=backward,
        )
