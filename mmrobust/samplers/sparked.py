"""Noise that moves as the video does: the motion-excited sampler.

Zhang, Zhu, Zhu and Yang, "Motion-Excited Sampler: Video Adversarial Attack
with Sparked Prior", ECCV 2020, arXiv:2003.07637. Shapes: C = 3 channels,
T frames, H, W pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from mmrobust.flow.estimator import FlowEstimator
from mmrobust.flow.estimators.tvl1 import TVL1
from mmrobust.functional.checks import require, whole
from mmrobust.functional.noise_warp import accumulate, chain_gathers, lookup_gather, warp_chain
from mmrobust.registry import SAMPLERS
from mmrobust.samplers.base import Noise, NoiseSampler
from mmrobust.samplers.motion import backward_motion
from mmrobust.samplers.one_noise import Repeated

Form = Literal['warp', 'lookup']
Fallback = Literal['one_noise', 'error']
# Motion below it, in pixels, everywhere in a video is none.
STILL = 1e-3


@SAMPLERS.register_module()
@dataclass(kw_only=True, eq=False)
class Sparked(NoiseSampler):
    """One frame of noise, displaced in each frame by the video's own motion.

    Two forms are public, and they differ:

    - ``warp``, the paper's text and Geo-TRAP's re-implementation: frame t is
      frame t-1, moved along the motion between them
      (:func:`~mmrobust.functional.noise_warp.warp_chain`).
    - ``lookup``, the paper's release: the motion itself is the place to read the
      noise at, so pixels of equal motion have equal noise, and all frames are
      the same (:func:`~mmrobust.functional.noise_warp.lookup_gather`). The map is that
      from one frame back to the first; it changes with the iteration. With
      ``tile`` above the motion, all pixels have the same noise: leave it at 1.

    Official setting: the release has ``form='lookup'``, ``refresh=10`` and the
    codec's vectors (``motion=dict(type='CodecMotion')``).
    Deviations: the release goes through the 12th frames of the video's groups
    of pictures, this through all frames but the first, all back to that;
    motion is that of the video as the model sees it, not of the file; a video
    without motion falls back (the release would make each channel one number).

    Args:
        motion: Flow estimator; default ``TVL1()``. Asked for the flow from each
            frame back to the one before, once per video.
        form: ``warp`` or ``lookup``.
        refresh: Iterations with the same map, >= 1; ``lookup`` alone uses it.
        fallback: What a video of one frame or without motion (below 0.001 pixels
            everywhere) gets: ``one_noise``, the same noise in every frame and
            the flag ``no_motion``, or ``error``.
        tile: See :class:`~mmrobust.samplers.base.NoiseSampler`.

    Raises:
        ValueError: An option breaks its rule; on ``bind``, the video is not RGB,
            its flow is not finite or of another size, or, with
            ``fallback='error'``, nothing moves.
    """

    motion: FlowEstimator = field(default_factory=TVL1, kw_only=False)
    form: Form = 'warp'
    refresh: int = 10
    fallback: Fallback = 'one_noise'

    def __post_init__(self) -> None:
        super().__post_init__()
        usable = isinstance(self.motion, FlowEstimator)
        require(usable, 'motion', 'a flow estimator or its config', self.motion)
        require(self.form in ('warp', 'lookup'), 'form', 'warp or lookup', self.form)
        require(whole(self.refresh, 1), 'refresh', 'a whole number >= 1', self.refresh)
        known = ('one_noise', 'error')
        require(self.fallback in known, 'fallback', 'one_noise or error', self.fallback)
        self.motion.eval()

    def bind(self, pixels: Tensor, starts: Sequence[int] = (0,)) -> Noise:
        """The noise of an RGB video (3, T, H, W), 0..255."""
        maps = backward_motion(self.motion, pixels, starts)
        if float(maps.abs().max()) < STILL:
            rule = f'a video in which something moves (fallback=error), by {STILL} pixels or more'
            require(self.fallback != 'error', 'pixels', rule, tuple(pixels.shape))
            return Repeated(pixels, self.tile, flags=('no_motion',))
        if self.form == 'warp':
            return _Warped(pixels, self.tile, maps, starts)
        return _LookedUp(pixels, self.tile, maps, starts, self.refresh)


class _Warped(Noise):
    def __init__(self, pixels: Tensor, tile: int, maps: Tensor, starts: Sequence[int]) -> None:
        super().__init__(pixels, tile)
        self.gathers = chain_gathers(maps, starts)

    def draw(self, generator: torch.Generator, iteration: int) -> Tensor:
        return warp_chain(self.frames(generator, 1)[:, 0], self.gathers)


class _LookedUp(Noise):
    def __init__(
        self, pixels: Tensor, tile: int, maps: Tensor, starts: Sequence[int], refresh: int
    ) -> None:
        super().__init__(pixels, tile)
        whole = accumulate(maps, starts)
        # A view's first frame has no motion: its map would be one number.
        self.gathers = [lookup_gather(m) for t, m in enumerate(whole) if t not in starts]
        self.refresh = refresh

    def draw(self, generator: torch.Generator, iteration: int) -> Tensor:
        gather = self.gathers[iteration // self.refresh % len(self.gathers)]
        found = gather.of(self.frames(generator, 1)[:, 0])
        return found[:, None].repeat(1, self.shape[1], 1, 1)
