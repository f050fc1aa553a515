"""Noise of an image sensor (model: Brooks et al. 2019, arXiv:1811.11127; the ladder is ours)."""

from dataclasses import dataclass
from typing import Any, ClassVar

from mmrobust.corruptions.base import Corruption
from mmrobust.corruptions.clip import Clip, Frames
from mmrobust.corruptions.draws import Draws
from mmrobust.corruptions.fields import normal_fields
from mmrobust.corruptions.light import from_light, sensed, to_light
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class SensorNoise(Corruption):
    """Photons counted and read out (Poisson-Gaussian), in linear light, anew in every frame.

    ``constants`` are the light of one photon, as a share of white. Brooks et al. draw it from
    1e-4 to 0.012; the last is beyond. Colours are independent: no mosaic, no white balance.
    """

    group: ClassVar[str] = 'sensor'
    constants: ClassVar[tuple[float, ...]] = (1e-4, 4e-4, 1.6e-3, 6e-3, 2.4e-2)

    def draw(self, clip: Clip, draws: Draws) -> Any:
        """Standard normal numbers, (T, H, W, 3)."""
        return normal_fields(clip, draws)

    def apply(self, clip: Clip, drawing: Any, severity: int) -> Frames:
        """The frames with noise, rounded once."""
        shot = self.constants[severity - 1]
        return from_light(sensed(to_light(clip.frames), shot, drawing))
