"""What an attack on frames did to the poses that are estimated in them.

Shapes: T frames, P persons of a frame at most, K joints.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mmrobust.functional.keypoint_metrics import object_keypoint_similarity

# What MMPose takes for the area of a person without one, as a share of the box.
AREA = 0.53
NAMES = (
    *('joint_displacement', 'joint_displacement_pixels'),
    *('oks', 'score_change', 'frames_without_person'),
)


@dataclass(frozen=True)
class PosePair:
    """Poses in clean frames and in attacked ones.

    Attributes:
        clean: (T, P, K, 3): x, y, score.
        attacked: Likewise.
        boxes: (T, P, 4), NaN for nobody.
        nothing: The score of a joint without a response.
    """

    clean: Tensor
    attacked: Tensor
    boxes: Tensor
    nothing: float

    @property
    def there(self) -> Tensor:
        """Who is in a box (T, P)."""
        return self.boxes.isfinite().all(dim=2)


def pose_changes(pair: PosePair, sigmas: Tensor | None) -> dict[str, float | int | None]:
    """The facts of :data:`NAMES`.

    The clean pose is the reference, of which the joints that were found count. Displacements are
    means over joints, in longer sides of the person's box and in pixels; OKS is the mean over
    persons and frames, with 0.53 of the box for an area as in MMPose's ``CocoMetric`` with
    ``use_area=False``; the score's change is a mean over all joints of whoever has a box; a
    frame is without a person when no joint in it has a response.

    Args:
        pair: Both.
        sigmas: (K,), falloffs of the joints; None: there is no OKS.
    """
    there = pair.there
    clean, attacked, boxes = pair.clean[there], pair.attacked[there], pair.boxes[there].double()
    found = clean[..., 2] > pair.nothing
    sides = boxes[:, 2:] - boxes[:, :2]
    ways = (attacked[..., :2] - clean[..., :2]).norm(dim=2)
    shares = ways / sides.amax(dim=1)[:, None]
    seen = there[..., None] & (pair.attacked[..., 2] > pair.nothing)
    known = sigmas is not None and len(sigmas) == clean.shape[1]
    similarity = torch.tensor([])
    if known and sigmas is not None:
        poses = attacked[..., :2], clean[..., :2], found
        similarity = object_keypoint_similarity(*poses, sigmas.to(clean), AREA * sides.prod(dim=1))
    return {
        'joint_displacement': _mean(shares[found]),
        'joint_displacement_pixels': _mean(ways[found]),
        'oks': _mean(similarity[similarity.isfinite()]),
        'score_change': _mean((attacked - clean)[..., 2]),
        'frames_without_person': int((~seen.any(dim=2).any(dim=1)).sum()),
    }


def _mean(values: Tensor) -> float | None:
    return float(values.mean()) if values.numel() else None
