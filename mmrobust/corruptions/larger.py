"""Everything nearer; the ladder is ours."""

from dataclasses import dataclass
from typing import ClassVar

from mmrobust.corruptions.stretch import Stretch
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class Larger(Stretch):
    """The middle of the picture larger, up to twice its height and width.

    ``constants`` are the factor of all lengths.
    """

    constants: ClassVar[tuple[float, ...]] = (2**0.2, 2**0.4, 2**0.6, 2**0.8, 2**1.0)

    def factors(self, severity: int) -> tuple[float, float]:
        """The same."""
        factor = self.constants[severity - 1]
        return factor, factor
