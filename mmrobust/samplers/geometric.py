"""Noise that moves at random: Geo-TRAP's search space.

Li, Aich, Zhu, Asif, Song, Roy-Chowdhury and Krishnamurthy, "Adversarial Attacks
on Black Box Video Classifiers: Leveraging the Power of Geometric
Transformations", NeurIPS 2021, arXiv:2110.01823. Shapes: C channels, T frames,
H, W pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from mmrobust.functional.checks import finite, require
from mmrobust.functional.noise_warp import affine_frames, chain
from mmrobust.registry import SAMPLERS
from mmrobust.samplers.base import Noise, NoiseSampler

Kind = Literal['translation', 'translation_dilation', 'similarity', 'affine']
Form = Literal['independent', 'chain']
# The parameters of each kind that leave the frame as it is: shifts in half
# sides, scale 1, angle 0 (radians), the rows of an affine map.
IDENTITY: dict[str, list[float]] = {
    'translation': [0.0, 0.0],
    'translation_dilation': [1.0, 0.0, 0.0],
    'similarity': [0.0, 1.0, 0.0, 0.0],
    'affine': [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
}


@SAMPLERS.register_module()
@dataclass(kw_only=True, eq=False)
class Geometric(NoiseSampler):
    """One frame of noise under random geometric transforms, new in every draw.

    Official setting, read in the authors' release: ``form='independent'`` and
    ``strength=1``. Every frame, the first one too, is the noise frame under a
    transform of its own, whose parameters are standard normal numbers: not
    changes to the identity, but the scale, the angle (radians), the shift (half
    sides of the frame) and the affine rows themselves. Its commands name
    ``translation_dilation`` and ``affine``. Much of the noise is moved out of
    the frame, and now and then all of it.
    Deviations: on frames that are not square, angles and scales are those of
    pixels (the release turns coordinates in -1..1, and so shears); the kinds
    ``dilation``, ``rigid`` and ``projective`` of the release are left out.

    ``form='chain'`` is not Geo-TRAP's: the noise moves gradually, one random
    step from each frame to the next, and a view's first frame is the noise
    itself. The parameters of a step are those of the identity plus ``strength``
    times standard normal numbers. Transforms are composed, so the noise is
    interpolated once.

    Args:
        kind: ``translation`` (2 parameters), ``translation_dilation`` (3),
            ``similarity`` (4) or ``affine`` (6).
        strength: Standard deviation of the parameters, >= 0. For
            ``form='chain'`` 0.05 or less is gradual.
        form: ``independent`` or ``chain``.
        tile: See :class:`~mmrobust.samplers.base.NoiseSampler`.

    Raises:
        ValueError: An option breaks its rule.
    """

    kind: Kind = field(default='affine', kw_only=False)
    strength: float = 1.0
    form: Form = 'independent'

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.kind in IDENTITY, 'kind', f'one of {", ".join(IDENTITY)}', self.kind)
        sound = finite(self.strength) and self.strength >= 0
        require(sound, 'strength', 'a finite number >= 0', self.strength)
        known = ('independent', 'chain')
        require(self.form in known, 'form', 'independent or chain', self.form)

    @property
    def name(self) -> str:
        """The gradual form is another sampler than the paper's."""
        return 'Geometric' if self.form == 'independent' else 'Geometric (chain)'

    def bind(self, pixels: Tensor, starts: Sequence[int] = (0,)) -> Noise:
        """The noise of a video (C, T, H, W)."""
        return _Transformed(pixels, self, starts)


class _Transformed(Noise):
    def __init__(self, pixels: Tensor, sampler: Geometric, starts: Sequence[int]) -> None:
        super().__init__(pixels, sampler.tile)
        self.sampler, self.starts = sampler, list(starts)

    def draw(self, generator: torch.Generator, iteration: int) -> Tensor:
        frame = self.frames(generator, 1)[:, 0]
        return affine_frames(frame, self._matrices(generator).to(self.device))

    def _matrices(self, generator: torch.Generator) -> Tensor:
        """Affine maps (T, 2, 3) in pixels from the centre, on the CPU."""
        kind, still = self.sampler.kind, torch.tensor(IDENTITY[self.sampler.kind])
        numbers = torch.randn(self.shape[1], len(still), generator=generator)
        change = self.sampler.strength * numbers
        half = torch.tensor([self.shape[3] - 1, self.shape[2] - 1]) / 2
        if self.sampler.form == 'independent':
            return affine_matrices(kind, change, half)
        change[self.starts] = 0
        return chain(affine_matrices(kind, still + change, half), self.starts)


def affine_matrices(kind: str, parameters: Tensor, half: Tensor) -> Tensor:
    """Affine maps (T, 2, 3), pixels, of parameters (T, P) and half sides (2,) in pixels."""
    if kind == 'affine':
        rows = parameters.unflatten(1, (2, 3)).clone()
    else:
        shift = parameters[:, -2:, None]
        angle, scale = torch.zeros(len(parameters)), torch.ones(len(parameters))
        if kind == 'similarity':
            angle, scale = parameters[:, 0], parameters[:, 1]
        elif kind == 'translation_dilation':
            scale = parameters[:, 0]
        cos, sin = scale * angle.cos(), scale * angle.sin()
        rows = torch.cat([torch.stack([cos, -sin, sin, cos], 1).unflatten(1, (2, 2)), shift], 2)
    rows[:, :, 2] *= half
    return rows
