"""Picture to 2-D joints to a pose in space, attacked as one.

Shapes: N crops, T frames, J joints of the 2-D estimator, K of the lifter, D values of the 2-D
estimator's response.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from mmrobust.goals.pose_annotations import PoseAnnotations
from mmrobust.registry import VICTIMS
from mmrobust.victims.base import Record
from mmrobust.victims.lifting.head_adapters import LiftAdapter, LiftReference
from mmrobust.victims.lifting.lift_annotations import LiftAnnotations
from mmrobust.victims.lifting.lifter_chain import Chained, Lifter
from mmrobust.victims.lifting.record import lift_record
from mmrobust.victims.lifting.victim import LifterVictim
from mmrobust.victims.pose.annotations import zoom
from mmrobust.victims.pose.head_adapters import HeadAdapter
from mmrobust.victims.pose.record import pose_record
from mmrobust.victims.pose.victim import PoseVictim


@VICTIMS.register_module()
class CascadeVictim(PoseVictim):
    """A top-down estimator whose joints a lifter takes to three dimensions.

    What may change is the 2-D estimator's crop; what an attack wants is a wrong pose in
    space (:class:`~mmrobust.victims.lifting.goal.Corrupt3DPose`). Gradients go through the
    lifter and soft coordinates (a soft argmax of heatmaps) to the pixels; success is
    decided on the joints that the 2-D head really decodes. 2-D data sets have no
    places in space: the reference ``label`` is what the lifter makes of the annotated joints.

    Args:
        model: A built MMPose top-down estimator with its weights.
        space: ``crop``.
        lifter: ``config`` and ``checkpoint`` of a ``PoseLifter``.

    Raises:
        FileNotFoundError: A path of the lifter leads nowhere.
        ValueError: A model has no adapter, or an option is wrong.
    """

    goal = 'Corrupt3DPose'
    joints_in_picture = False
    record_keys = (*PoseVictim.record_keys, *LifterVictim.record_keys)

    def __init__(
        self, model: nn.Module, *, lifter: Mapping[str, Any], space: Literal['crop'] = 'crop'
    ) -> None:
        super().__init__(model, space=space)
        self.lifter = Lifter(lifter, next(self.model.parameters()).device)
        self.chain: CascadeAdapter | None = None

    def install(self, dataset: Any) -> None:
        """As for crops; the data set says which joints there are."""
        super().install(dataset)
        mixing = self.lifter.conversion(getattr(dataset, 'metainfo', None) or {})
        self.chain = CascadeAdapter(self.adapter, self.lifter, mixing)

    def labels(self, data: dict[str, Any]) -> CascadeAnnotations:  # type: ignore[override]
        """Annotated joints of a batch, and what the lifter makes of them."""
        if self.chain is None:
            raise RuntimeError('CascadeVictim must be installed in a data set first')
        pose = self.annotations(data['data_samples'])
        chained = tuple(self.lifter.join(sample) for sample in data['data_samples'])
        places, weights = self.chain.annotated(pose, chained)
        return CascadeAnnotations(self.chain, LiftReference(places, weights, chained), pose)

    def record(  # type: ignore[override]
        self, labels: CascadeAnnotations, clean: Tensor, adversarial: Tensor, checked: Tensor
    ) -> Record:
        """Both poses, in the plane and in space; what is right is decided in space."""
        flat = pose_record(labels.pose, clean, adversarial, checked, self.sigmas)
        deep = lift_record(labels, clean, adversarial, checked)
        decided = {f'{side}_correct' for side in ('clean', 'adversarial')}
        final = {key: deep.fields[key] for key in decided}
        return Record({**deep.fields, **flat.fields, **final}, flat.agree and deep.agree)


@dataclass(frozen=True)
class CascadeAnnotations(LiftAnnotations):
    """Annotations of N persons.

    Attributes:
        pose: In the plane.
    """

    pose: PoseAnnotations

    @property
    def annotated(self) -> Tensor:
        """Whom (N,) a detector's box alone does not stand for."""
        return self.pose.annotated

    @property
    def seen(self) -> Tensor:
        """Which persons (N,) have a labelled joint."""
        return (self.pose.visible > 0.5).any(dim=1)

    def select(self, rows: Tensor) -> CascadeAnnotations:
        """The annotations of some of the persons."""
        return replace(self, reference=self.reference.select(rows), pose=self.pose.select(rows))


class CascadeAdapter(LiftAdapter):
    """Places of the 2-D estimator's response.

    Args:
        pose: Adapter of the 2-D estimator.
        lifter: The lifter.
        mixing: (K, J), see :meth:`~mmrobust.victims.lifting.lifter_chain.Lifter.conversion`.
    """

    def __init__(self, pose: HeadAdapter, lifter: Lifter, mixing: Tensor) -> None:
        # Its head and codec have been checked, each by its own adapter.
        self.pose, self.lifter, self.mixing = pose, lifter, mixing

    def located(self, outputs: Tensor, samples: Sequence[Chained]) -> Tensor:
        """Places (N, T, K, 3) by way of soft coordinates; differentiable."""
        return self._lifted(self.pose.soft_coordinates(outputs), samples)

    def places(self, outputs: Tensor, samples: Sequence[Chained]) -> Tensor:
        """The same: the lifter's adapter has left out what it does not report."""
        return self.located(outputs, samples)

    def decoded(self, outputs: Tensor, samples: Sequence[Chained]) -> Tensor:
        """Places (N, T, K, 3) by way of the joints that MMPose decodes."""
        joints, _ = self.pose.decode(outputs.nan_to_num())
        with torch.no_grad():
            return self._lifted(joints.to(outputs.device), samples)

    def annotated(
        self, annotations: PoseAnnotations, samples: Sequence[Chained]
    ) -> tuple[Tensor, Tensor]:
        """Places (N, T, K, 3) of the annotated joints, and their weights (N, T, K).

        A lifter looks at all joints: a person with one missing has no places.
        """
        device = next(self.lifter.victim.model.parameters()).device
        with torch.no_grad():
            places = self._lifted(annotations.keypoints.to(device), samples)
        needed = (self.mixing != 0).any(dim=0)
        whole = ((annotations.visible > 0.5) | ~needed).all(dim=1) & annotations.annotated
        weights = torch.ones_like(places[..., 0]) * whole.to(device)[:, None, None]
        return places, weights

    def _lifted(self, joints: Tensor, samples: Sequence[Chained]) -> Tensor:
        """Places for joints (N, J, 2) in pixels of the crops."""
        maps = [_to_picture(one.pose) for one in samples]
        scale, origin = (
            torch.from_numpy(np.stack(values)).to(joints.device)[:, None]
            for values in zip(*maps, strict=True)
        )
        picture = joints.double() * scale + origin
        mixed = self.mixing.to(picture) @ picture
        return self.lifter.places(mixed, samples)


def _to_picture(sample: Any) -> tuple[Any, Any]:
    """Scale and origin (2,) of the map from the crop to the picture, as MMPose undoes it."""
    scale = 1 / zoom(sample)
    origin = np.asarray(sample.input_center) - 0.5 * np.asarray(sample.input_scale)
    return scale.astype(np.float64), origin.astype(np.float64)
