"""Flicker of lamps that pulse with the mains; the ladder is ours."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mmrobust.corruptions.base import Corruption
from mmrobust.corruptions.clip import Clip, Frames
from mmrobust.corruptions.draws import Draws
from mmrobust.corruptions.light import from_light, to_light
from mmrobust.functional.checks import finite, require
from mmrobust.registry import CORRUPTIONS

# Lamps pulse twice in each period of the mains, of 50 or 60 Hz.
LAMPS = (100.0, 120.0)


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class Flicker(Corruption):
    """Light that pulses too fast to be seen, and beats with the frame rate.

    In linear light a frame is multiplied by ``1 + a sin(2 pi lamp t + phase)``, t the time at
    which a row is read: later ones later, so that bands wander through the picture. ``constants``
    are the a. The phase is the clip's.

    Args:
        lamp: Pulses a second, > 0. None: of 100 and 120 the one that is further from being in
            step with the clip's ``rate``, as in a country of the other mains. One that is in
            step gives bands that stand still.
        readout: Share of a frame's time in which its rows are read, one after the other, 0 to 1;
            0: all at once, so that whole frames flicker.
    """

    group: ClassVar[str] = 'sensor'
    constants: ClassVar[tuple[float, ...]] = (0.05, 0.1, 0.2, 0.3, 0.5)
    lamp: float | None = None
    readout: float = 0.5

    def __post_init__(self) -> None:
        known = self.lamp is None or (finite(self.lamp) and self.lamp > 0)
        require(known, 'lamp', 'None or pulses a second > 0', self.lamp)
        inside = finite(self.readout) and 0 <= self.readout <= 1
        require(inside, 'readout', '0 to 1', self.readout)

    def draw(self, clip: Clip, draws: Draws) -> Any:
        """The phase, radians."""
        return draws.of_clip().uniform(0, 2 * np.pi)

    def apply(self, clip: Clip, drawing: Any, severity: int) -> Frames:
        """The frames under the lamp, rounded once."""
        # Pulses from one frame to the next.
        beat = (self.lamp or max(LAMPS, key=lambda one: _off(one / clip.rate))) / clip.rate
        rows = self.readout * np.arange(clip.size[0]) / clip.size[0]
        times = np.array(clip.indices)[:, None] + rows
        pulse = np.sin(2 * np.pi * beat * times + drawing)
        gain = 1 + self.constants[severity - 1] * pulse
        return from_light(to_light(clip.frames) * gain[:, :, None, None])


def _off(pulses: float) -> float:
    """How far a number is from a whole one, 0 to 0.5."""
    return abs(pulses - round(pulses))
