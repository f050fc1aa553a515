"""What is known of the poses of a batch.

Shapes: N samples, K joints; coordinates in input pixels, which are those of
the crop that the network sees.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import Tensor

from mmrobust.functional.checks import require
from mmrobust.goals.adapter import PoseAdapter


@dataclass(frozen=True)
class PoseAnnotations:
    """Annotations of N samples, as a pose victim gives them.

    Attributes:
        adapter: How the victim's responses and poses translate.
        keypoints: (N, K, 2), input pixels.
        visible: (N, K), 1 where a joint is labelled.
        scale: (N,), the longer side of the person's box, input pixels; (N, K) by joint
            where a sample's joints are those of several persons.
        annotated: (N,) bool, False where the keypoints stand for none (boxes
            of a detector that match no annotation); (N, K) as for ``scale``.
        area: (N,), of the person, square input pixels; NaN where it is unknown; (N, K) as
            for ``scale``.
        box_area: Likewise, of the person's box.
        sigmas: (K,), falloffs of OKS, if the data set has them.
        flip: (K,), which joint every joint becomes in a mirror; None: nobody says.
        target: (N, K, 2), poses that an attack is to attain, input pixels.
        aimed: (N, K) bool, the joints that have a target; None: all.
    """

    adapter: PoseAdapter
    keypoints: Tensor
    visible: Tensor
    scale: Tensor
    annotated: Tensor
    area: Tensor | None = None
    box_area: Tensor | None = None
    sigmas: Tensor | None = None
    flip: Tensor | None = None
    target: Tensor | None = None
    aimed: Tensor | None = None

    def __post_init__(self) -> None:
        shape = tuple(self.keypoints.shape)
        require(len(shape) == 3 and shape[2] == 2, 'keypoints', 'of shape (N, K, 2)', shape)
        for name in ('visible', 'scale', 'annotated'):
            value = getattr(self, name)
            by_joint = name == 'visible' or value.dim() == 2
            wanted, found = shape[: 1 + by_joint], tuple(value.shape)
            require(found == wanted, name, f'of shape {wanted}', found)
        for name in ('area', 'box_area'):
            value = getattr(self, name)
            if value is not None:
                found = tuple(value.shape)
                require(found in (shape[:1], shape[:2]), name, f'of shape {shape[:1]}', found)
        for name in ('sigmas', 'flip'):
            value = getattr(self, name)
            if value is not None:
                found = tuple(value.shape)
                require(found == shape[1:2], name, f'of shape {shape[1:2]}', found)
        if self.aimed is not None:
            found = tuple(self.aimed.shape)
            require(found == shape[:2], 'aimed', f'of shape {shape[:2]}', found)
        if self.target is not None:
            found = tuple(self.target.shape)
            require(found == shape, 'target', f'of shape {shape}, one point per joint', found)
            require(bool(self.target.isfinite().all()), 'target', 'finite', self.target)

    def __len__(self) -> int:
        return len(self.keypoints)

    @property
    def joint_scale(self) -> Tensor:
        """``scale`` beside the joints, (N, 1) or (N, K)."""
        return self.scale if self.scale.dim() == 2 else self.scale[:, None]

    @property
    def joint_annotated(self) -> Tensor:
        """``annotated`` beside the joints, (N, 1) or (N, K)."""
        return self.annotated if self.annotated.dim() == 2 else self.annotated[:, None]

    def __getitem__(self, rows: Tensor) -> PoseAnnotations:
        return self.select(rows)

    def select(self, rows: Tensor) -> PoseAnnotations:
        """The annotations of some of the samples."""
        area, box_area, target, aimed = (
            None if value is None else value[rows]
            for value in (self.area, self.box_area, self.target, self.aimed)
        )
        return replace(
            self,
            keypoints=self.keypoints[rows],
            visible=self.visible[rows],
            scale=self.scale[rows],
            annotated=self.annotated[rows],
            area=area,
            box_area=box_area,
            target=target,
            aimed=aimed,
        )
