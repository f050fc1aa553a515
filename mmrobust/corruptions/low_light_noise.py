"""Too little light, amplified (model: Brooks et al. 2019, arXiv:1811.11127; the ladder is ours)."""

from dataclasses import dataclass
from typing import Any

from mmrobust.corruptions.clip import Clip, Frames
from mmrobust.corruptions.light import from_light
from mmrobust.corruptions.low_light import LowLight, dimmed
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class LowLightNoise(LowLight):
    """A scene in the dark, by a camera that makes it as bright as it was: noise is left.

    ``constants`` are the shares of the light that reach the sensor; the gain is one over them.
    """

    def apply(self, clip: Clip, drawing: Any, severity: int) -> Frames:
        """The frames with the noise of the dark, rounded once."""
        share = self.constants[severity - 1]
        return from_light(dimmed(clip, share, drawing) / share)
