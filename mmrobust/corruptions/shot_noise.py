"""Shot noise of ImageNet-C (Hendrycks and Dietterich 2019, arXiv:1903.12261)."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import pdtr

from mmrobust.corruptions.base import Corruption, truncated
from mmrobust.corruptions.clip import Clip, Frames
from mmrobust.corruptions.constants import five
from mmrobust.corruptions.draws import Draws
from mmrobust.corruptions.fields import uniform_fields
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class ShotNoise(Corruption):
    """Counts of photons (Poisson) in the place of values, anew in every frame.

    A value is the quantile that one uniform number asks for, so that the severities share their
    draws.

    Args:
        constants: Mean counts at value 255. Default ImageNet-C's; Kinetics-P has
            (250, 100, 50, 30, 15).
    """

    group: ClassVar[str] = 'noise'
    constants: tuple[float, ...] = (60, 25, 12, 5, 3)

    def __post_init__(self) -> None:
        object.__setattr__(self, 'constants', five(self.constants))

    def draw(self, clip: Clip, draws: Draws) -> Any:
        """Uniform numbers, (T, H, W, 3)."""
        return uniform_fields(clip, draws)

    def apply(self, clip: Clip, drawing: Any, severity: int) -> Frames:
        """The frames as counted."""
        photons = self.constants[severity - 1]
        pairs = zip(clip.frames, drawing, strict=True)
        counts = (_quantiles(photons, frame, one) for frame, one in pairs)
        return np.stack([truncated(one * (255 / photons)) for one in counts])


# Of the shares 0..1, for each of which it is known where to begin the search for a quantile.
PARTS = 1024


def _quantiles(photons: float, values: Frames, shares: NDArray[Any]) -> NDArray[Any]:
    """The largest counts below which there lies no more than a share."""
    known, begin = _distributions(photons)
    rows = values.ravel().astype(int) * known.shape[1]
    wanted = shares.ravel()
    places = rows + begin[values.ravel(), (wanted * PARTS).astype(int)]
    below = known.ravel()
    some = np.arange(len(places))
    while len(some):
        some = some[below[places[some]] <= wanted[some]]
        places[some] += 1
    return (places - rows).reshape(values.shape)


@lru_cache(maxsize=16)
def _distributions(photons: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Of each grey level: P(count <= k), (256, most); the quantile where a part begins."""
    # No float32 below 1 asks for more than six standard deviations.
    most = int(photons + 8 * photons**0.5) + 12
    below = pdtr(np.arange(most), np.arange(256)[:, None] / 255 * photons)
    parts = np.arange(PARTS) / PARTS
    return below, np.stack([np.searchsorted(one, parts, side='right') for one in below])
