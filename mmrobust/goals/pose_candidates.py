"""Likely wrong places of joints, for attacks that go through targets.

Shapes: N samples, K joints, M places of a joint; input pixels.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from mmrobust.goals.adapter import PoseAdapter
from mmrobust.goals.decoded import DecodedFacts

# Where nothing better is known: this many reaches away, straight on and then askew.
AWAY = 1.5
WAYS = ((1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0))
ASKEW = tuple((x * 0.5**0.5, y * 0.5**0.5) for x in (1.0, -1.0) for y in (1.0, -1.0))


@dataclass(frozen=True)
class AimedFacts(DecodedFacts):
    """What is known of samples, and where each of their joints is pulled.

    Attributes:
        places: (N, K, 2), input pixels; NaN for a joint that has nowhere to go.
    """

    places: Tensor

    def select(self, rows: Tensor) -> 'AimedFacts':
        """Some of the samples."""
        known = super().select(rows)
        return AimedFacts(known.annotations, known.reference, self.places[rows])


def pose_candidates(
    outputs: Tensor, facts: DecodedFacts, reach: Tensor, count: int
) -> Iterator[AimedFacts]:
    """Places beyond reach for every joint, one after another.

    First the highest peak of the clean response, then the place of the joint's mirror image
    (if that is visible), the other peaks, and ``AWAY`` reaches into eight directions, as far as
    they are in what the network sees. A joint with fewer places begins again.

    Args:
        outputs: (N, D), clean.
        facts: Of the samples.
        reach: (N, K), > 0.
        count: How many places of every joint.
    """
    adapter: PoseAdapter = facts.annotations.adapter
    points = facts.reference.keypoints.to(outputs)
    clean = outputs.detach().nan_to_num()
    peaks = adapter.peaks(clean, points, reach, count)
    mirrored = _mirrored(points, facts)
    places = torch.cat(
        [peaks[:, :, :1], mirrored, peaks[:, :, 1:], _around(points, reach, adapter)], 2
    )
    usable = torch.stack(
        [adapter.leads(clean, points, reach, one).isfinite() for one in places.unbind(dim=2)], 2
    )
    order = (~usable).to(torch.uint8).argsort(dim=2, stable=True)
    known = usable.sum(dim=2, keepdim=True)
    for number in range(count):
        chosen = order.gather(2, number % known.clamp(min=1))
        place = places.gather(2, chosen[..., None].expand(-1, -1, -1, 2)).squeeze(2)
        yield AimedFacts(
            facts.annotations, facts.reference, place.masked_fill(known == 0, torch.nan)
        )


def _mirrored(points: Tensor, facts: DecodedFacts) -> Tensor:
    """Where the mirror images are (N, K, 1, 2); NaN where there is none to see.

    Of a joint in the middle that is its own place, which is not beyond reach.
    """
    flip, visible = facts.annotations.flip, facts.annotations.visible
    if flip is None:
        return torch.full_like(points[:, :, None], torch.nan)
    seen = visible[:, flip] > 0.5
    return points[:, flip].masked_fill(~seen.to(points.device)[..., None], torch.nan)[:, :, None]


def _around(points: Tensor, reach: Tensor, adapter: PoseAdapter) -> Tensor:
    """Places (N, K, 8, 2) in all directions; NaN outside of what the network sees."""
    ways = torch.tensor((*WAYS, *ASKEW)).to(points)
    places = points[:, :, None] + AWAY * reach[..., None, None] * ways
    last = torch.tensor(adapter.input_size).to(points) - 1
    inside = ((places >= 0) & (places <= last)).all(dim=3, keepdim=True)
    return places.masked_fill(~inside, torch.nan)
