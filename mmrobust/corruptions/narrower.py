"""A wrong aspect ratio; the ladder is ours."""

from dataclasses import dataclass
from typing import ClassVar

from mmrobust.corruptions.stretch import Stretch
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class Narrower(Stretch):
    """Everything narrower and taller; areas stay as they are.

    ``constants`` are what width over height is multiplied by.
    """

    constants: ClassVar[tuple[float, ...]] = (2**-0.2, 2**-0.4, 2**-0.6, 2**-0.8, 2**-1.0)

    def factors(self, severity: int) -> tuple[float, float]:
        """One over the other."""
        root = self.constants[severity - 1] ** 0.5
        return root, 1 / root
