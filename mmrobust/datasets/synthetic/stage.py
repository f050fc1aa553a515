"""An embedded video that can be filmed again, for kinds of cues.

Shapes: T frames, H, W pixels.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mmrobust.datasets.synthetic.film import Scene, backdrop, film, levels, plate
from mmrobust.datasets.synthetic.noise import Array
from mmrobust.datasets.synthetic.script import Place, Script, resized


@dataclass(frozen=True)
class SyntheticStage:
    """Video ``own`` of a set; a :class:`~mmrobust.corruptions.cues.stage.Stage`.

    Args:
        own: Its number.
        script: Number of a video -> what is drawn for it.
        labels: The class of each video of the set.
    """

    own: int
    script: Callable[[int], Script]
    labels: Sequence[int]

    @property
    def others(self) -> list[int]:
        """Videos of other classes."""
        return [i for i, label in enumerate(self.labels) if label != self.labels[self.own]]

    def label(self, sample: int) -> int:
        """The class of a video."""
        return self.labels[sample]

    @cached_property
    def _written(self) -> Script:
        return self.script(self.own)

    @cached_property
    def _clean(self) -> Scene:
        role, place = self._written.role, self._written.place
        return film(role, place.camera, backdrop(role, place))

    def empty(self) -> NDArray[np.uint8]:
        """The place before the person came."""
        return levels(plate(self._written.place))

    def backdrop(self) -> Array:
        """The place with the person's shadow, float32 (T, H, W, 3)."""
        return backdrop(self._written.role, self._written.place)

    def person(self) -> NDArray[np.bool_]:
        """Where the person is seen, (T, H, W)."""
        return self._clean.parts > 0

    def film(
        self,
        *,
        scenery: int | None = None,
        still: bool = False,
        behind: Array | None = None,
        high: float = 1.0,
        wide: float = 1.0,
    ) -> NDArray[np.uint8]:
        """See :meth:`mmrobust.corruptions.cues.stage.Stage.film`."""
        role = self._written.role
        if (high, wide) != (1, 1):
            role = resized(role, high, wide)
        place = self._written.place if scenery is None else self.script(scenery).place
        if still:
            place = Place(np.zeros_like(place.camera), place.canvas)
        seen = backdrop(role, place) if behind is None else behind.copy()
        return film(role, place.camera, seen).frames
