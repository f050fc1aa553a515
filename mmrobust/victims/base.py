"""The victim: raw pixels in, outputs out.

Shapes: N samples, C channels, T frames, H, W pixels, K classes.
"""

from abc import ABC, abstractmethod

from torch import Tensor, nn


class Victim(ABC):
    """A callable from pixels (N, C, T, H, W), 0..255, to outputs (N, K).

    A victim owns preprocessing, clip layout and views, and knows nothing of
    attacks. It is bound to the N samples of a batch where their layout
    differs; ``select`` gives the victim of some of them.
    """

    bounds: tuple[float, float] = (0.0, 255.0)

    @abstractmethod
    def __call__(self, pixels: Tensor) -> Tensor:
        """Outputs (N, K), differentiable in ``pixels``; samples do not mix."""

    def select(self, rows: Tensor) -> 'Victim':
        """The victim of samples ``rows``; itself where samples are alike."""
        return self

    @property
    def model(self) -> nn.Module | None:
        """The network inside, to be frozen during an attack."""
        return None
