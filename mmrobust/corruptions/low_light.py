"""Too little light (model: Brooks et al. 2019, arXiv:1811.11127; the ladder is ours)."""

from dataclasses import dataclass
from typing import Any, ClassVar

from mmrobust.corruptions.base import Corruption
from mmrobust.corruptions.clip import Clip, Frames
from mmrobust.corruptions.draws import Draws
from mmrobust.corruptions.fields import normal_fields
from mmrobust.corruptions.light import Light, from_light, sensed, to_light
from mmrobust.registry import CORRUPTIONS

# Light of one photon on the sensor, as a share of what fills it.
SHOT = 4e-4


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class LowLight(Corruption):
    """A scene in the dark, by a camera that leaves it dark.

    ``constants`` are the shares of the light that are left. It is dimmed before the sensor
    counts it and before grey levels are rounded: few levels are left, and noise among them.
    :class:`~mmrobust.corruptions.low_light_noise.LowLightNoise` makes it bright again.
    """

    group: ClassVar[str] = 'sensor'
    constants: ClassVar[tuple[float, ...]] = (1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32)

    def draw(self, clip: Clip, draws: Draws) -> Any:
        """Standard normal numbers, (T, H, W, 3)."""
        return normal_fields(clip, draws)

    def apply(self, clip: Clip, drawing: Any, severity: int) -> Frames:
        """The dark frames, rounded once."""
        return from_light(dimmed(clip, self.constants[severity - 1], drawing))


def dimmed(clip: Clip, share: float, field: Light) -> Light:
    """What the sensor gives of a share of the light, 0 .. share and noise, (T, H, W, 3)."""
    return sensed(to_light(clip.frames) * share, SHOT, field)
