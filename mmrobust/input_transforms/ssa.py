"""Spectrum simulation (Long, Zhang, Zeng, Gao, Liu, Zhang and Song 2022, arXiv:2207.05382)."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mmrobust.functional.checks import finite, require, whole
from mmrobust.functional.cosine_basis import cosine_matrix
from mmrobust.functional.randomness import SampleRandom
from mmrobust.input_transforms.base import InputTransform, require_pictures
from mmrobust.registry import INPUT_TRANSFORMS


@INPUT_TRANSFORMS.register_module()
@dataclass(frozen=True)
class SSA(InputTransform):
    """The mean gradient over copies whose spectra are scaled at random.

    To each value noise is added; then each coefficient of the discrete cosine transform of each
    channel of each frame is multiplied by a random number of its own, and the frame is brought
    back. Official setting: 20 copies, spread 0.5, noise as large as eps (16 grey levels).
    Deviations: frames may have any sides; the noise is an option in grey levels, as a transform
    knows no budget; all frames of a clip get the same noise and the same weights.

    Args:
        copies: How many, >= 1.
        spread: Coefficients are multiplied by numbers from 1 - spread to 1 + spread, >= 0.
        noise: Standard deviation of the noise, in the unit of the pixels, >= 0.
    """

    copies: int = 20
    spread: float = 0.5
    noise: float = 16.0

    def __post_init__(self) -> None:
        require(whole(self.copies, 1), 'copies', 'a whole number >= 1', self.copies)
        for name in ('spread', 'noise'):
            value = getattr(self, name)
            require(finite(value) and value >= 0, name, 'a finite number >= 0', value)

    def weights(self) -> Sequence[float]:
        """All the same."""
        return [1 / self.copies] * self.copies

    def check(self, pixels: Tensor, bounds: tuple[float, float]) -> None:
        """There must be rows and columns."""
        require_pictures(self, pixels)

    def copy(
        self, pixels: Tensor, index: int, bounds: tuple[float, float], rng: SampleRandom
    ) -> Tensor:
        """Noise, then other weights for all frequencies; not cut off at the bounds."""
        # The same for all frames: a clip that stands still does so afterwards.
        one = pixels[:, :, :1] if pixels.dim() == 5 else pixels
        moved = pixels + self.noise * rng.normal_like(one)
        scale = (1 + self.spread * (2 * rng.uniform_like(one) - 1)).expand_as(pixels)
        rows, columns = (cosine_matrix(side).to(pixels) for side in pixels.shape[-2:])
        # One sample at a time: a product of all may round by their number.
        pairs = zip(moved, scale, strict=True)
        return torch.stack([rows.T @ (w * (rows @ x @ columns.T)) @ columns for x, w in pairs])
