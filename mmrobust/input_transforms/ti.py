"""Translation-invariant gradients (Dong, Pang, Su and Zhu 2019, arXiv:1904.02884)."""

from dataclasses import dataclass

from torch import Tensor

from mmrobust.functional.checks import finite, require, whole
from mmrobust.functional.randomness import SampleRandom
from mmrobust.functional.smoothing import gaussian_kernel, smoothed
from mmrobust.input_transforms.base import InputTransform, require_frames, require_pictures
from mmrobust.registry import INPUT_TRANSFORMS


@INPUT_TRANSFORMS.register_module()
@dataclass(frozen=True)
class TI(InputTransform):
    """The gradient smoothed by a Gaussian: nearly its mean over shifted copies.

    The pixels are left as they are; the gradient is convolved, channel by channel, as it flows
    back, before momentum divides it by its mean. Official setting: 15 x 15, up to 3 standard
    deviations. As the first of several transforms it does what the paper does: those after it
    come between it and the victim.

    Args:
        size: Side of the kernel in pixels, odd, >= 1; 1 smooths nothing.
        nsigma: Where the kernel ends, in standard deviations, > 0.
        frames: Length of the kernel in time, in frames, odd, >= 1; 1 as in the paper, which
            knows no frames.
    """

    size: int = 15
    nsigma: float = 3.0
    frames: int = 1

    def __post_init__(self) -> None:
        for name in ('size', 'frames'):
            value = getattr(self, name)
            odd = whole(value, 1) and value % 2 == 1
            require(odd, name, 'an odd whole number >= 1', value)
        sound = finite(self.nsigma) and self.nsigma > 0
        require(sound, 'nsigma', 'a finite number > 0', self.nsigma)

    def check(self, pixels: Tensor, bounds: tuple[float, float]) -> None:
        """There must be rows and columns, and frames if those are smoothed too."""
        require_pictures(self, pixels)
        if self.frames > 1:
            require_frames(self, pixels)

    def copy(
        self, pixels: Tensor, index: int, bounds: tuple[float, float], rng: SampleRandom
    ) -> Tensor:
        """The pixels themselves, whose gradient is smoothed."""
        same = pixels.clone()
        if same.requires_grad:
            same.register_hook(self._smooth)
        return same

    def _smooth(self, gradient: Tensor) -> Tensor:
        for size, axis in ((self.frames, -3), (self.size, -2), (self.size, -1)):
            if size > 1:
                gradient = smoothed(gradient, gaussian_kernel(size, self.nsigma), axis)
        return gradient
