"""MMPose's 3-D pose lifters as victims.

Shapes: N sequences, T frames, K joints, D values of a response; coordinates in pixels of
the picture, so that a budget means what it says whatever the codec does with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import torch
from mmengine.model import is_model_wrapper
from torch import Tensor, nn

from mmrobust.functional.checks import require
from mmrobust.registry import VICTIMS
from mmrobust.victims.base import Record, SampleKind, Victim, both
from mmrobust.victims.bound import BoundSamples
from mmrobust.victims.lifting.flip import flip_averaged, is_flip_tested
from mmrobust.victims.lifting.head_adapters import adapter_of
from mmrobust.victims.lifting.lift_annotations import LiftAnnotations, lift_annotations
from mmrobust.victims.lifting.loading import LiftPipeline
from mmrobust.victims.lifting.record import lift_record
from mmrobust.victims.pose.capture import decoder_input


@VICTIMS.register_module()
class LifterVictim(Victim):
    """A 3-D lifter with its own test path: **what is attacked is the 2-D pose**.

    The threat model is that of an attacker who moves the joints that some 2-D estimator
    has found (or its errors, taken at their worst), not that of the picture: eps is the
    number of picture pixels that a joint may move along an axis. Joints are not
    rounded, and may leave the picture. Visibilities stay as they are.

    Args:
        model: A built MMPose ``PoseLifter`` with its weights.
        space: ``keypoints``.

    Raises:
        ValueError: Its head has no adapter.
    """

    goal = 'Corrupt3DPose'
    kinds = {
        'keypoints': SampleKind(
            'pose', previews='LiftingPreviews', frames=True, unit='pixels of the picture'
        )
    }
    raw_input = False
    record_keys = ('shift', 'joint_shifts', 'joints_moved', *both('mpjpe', 'correct', 'places'))

    def __init__(self, model: nn.Module, *, space: Literal['keypoints'] = 'keypoints') -> None:
        require(space == 'keypoints', 'space', 'keypoints for a 3-D lifter', space)
        self.space = space
        self.model: Any = model.module if is_model_wrapper(model) else model
        self.adapter = adapter_of(self.model)

    def install(self, dataset: Any) -> None:
        """Let a data set (without wrappers) keep the joints and their way to the input."""
        dataset.pipeline = LiftPipeline(dataset.pipeline.transforms)

    def labels(self, data: dict[str, Any]) -> LiftAnnotations:
        """Annotations of a batch."""
        return lift_annotations(data['data_samples'], self.adapter)

    def predict(self, data: dict[str, Any]) -> tuple[Sequence[Any], Tensor]:
        """The stock test step: data samples, and responses (N, D)."""
        with decoder_input(self.adapter.head, stop=False) as caught:
            samples = self.model.test_step(data)
        return samples, self.adapter.flatten(caught.value)

    def bind(self, samples: Sequence[Any], layouts: Sequence[Any] = ()) -> BoundSequences:
        """The victim of sequences of one length; pixels are coordinates (n, 2, T, K, 1)."""
        return BoundSequences(self, samples, layouts)

    def record(
        self, labels: LiftAnnotations, clean: Tensor, adversarial: Tensor, checked: Tensor
    ) -> Record:
        """The poses in space, and how far they are from the annotation and from each other."""
        return lift_record(labels, clean, adversarial, checked)


class BoundSequences(BoundSamples):
    """A :class:`LifterVictim` bound to N sequences of 2-D poses."""

    bounds = (-torch.inf, torch.inf)
    dtype = torch.float64

    def __call__(self, pixels: Tensor) -> Tensor:
        """Responses (N, D) to coordinates (N, 2, T, K, 1), as the test path decodes them."""
        owner = self.owner
        pairs = zip(self.layouts, pixels, strict=True)
        kind = next(owner.model.parameters()).dtype
        inputs = [layout.encoded(joints).to(kind) for layout, joints in pairs]
        batch = {'inputs': inputs, 'data_samples': self.data_samples}
        data = owner.model.data_preprocessor(batch, False)
        if is_flip_tested(owner.model):
            averaged = flip_averaged(
                owner.model, torch.stack(list(data['inputs'])), self.data_samples
            )
            return owner.adapter.flatten((averaged,))
        with decoder_input(owner.adapter.head, stop=True) as caught:
            owner.model._run_forward(data, mode='predict')
        return owner.adapter.flatten(caught.value)
