"""MMPose's top-down estimators as victims.

Shapes: N crops, C = 3 channels, H, W the crop's size, K joints, D values of a
response; pixels 0..255 in the channel order of the config's own pipeline,
which is BGR unless the config says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from mmrobust.functional.checks import require
from mmrobust.goals.pose_annotations import PoseAnnotations
from mmrobust.registry import VICTIMS
from mmrobust.victims.base import Record, SampleKind
from mmrobust.victims.bound import BoundSamples, BoundVictim
from mmrobust.victims.pose.capture import decoder_input
from mmrobust.victims.pose.loading import CropPipeline
from mmrobust.victims.pose.record import pose_record
from mmrobust.victims.pose.topdown import TopDownVictim
from mmrobust.victims.unloaded import first_of


@VICTIMS.register_module()
class PoseVictim(TopDownVictim):
    """A pose estimator with its own test path, ready to be attacked.

    The threat model is that of the crop: what may change is the network's
    input after the affine map, zero borders included, not the picture
    (that is :class:`~mmrobust.victims.pose.image.ImageVictim`).

    Args:
        model: A built MMPose top-down estimator with its weights.
        space: ``crop``.
        target: See :class:`~mmrobust.victims.pose.topdown.TopDownVictim`.

    Raises:
        ValueError: Its head has no adapter, or ``target`` names no pose.
        FileNotFoundError: ``target`` is no file.
    """

    pipeline = CropPipeline
    kinds = {'crop': SampleKind('person', previews='PosePreviews')}
    record_keys = (*TopDownVictim.record_keys, 'joint_displacements', 'joint_vanished')

    def __init__(
        self, model: nn.Module, *, space: Literal['crop'] = 'crop', target: str | None = None
    ) -> None:
        rule = 'crop for a pose estimator (or image, which is ImageVictim)'
        require(space == 'crop', 'space', rule, space)
        self.space = space
        super().__init__(model, target)

    @classmethod
    def named(cls, options: Mapping[str, Any]) -> str:
        """Images and chains with a lifter have victims of their own."""
        if options.get('space') == 'image':
            return 'ImageVictim'
        return 'CascadeVictim' if 'lifter' in options else cls.__name__

    def labels(self, data: dict[str, Any]) -> PoseAnnotations:
        """Annotations of a batch, with the target pose in every person's box."""
        return self.annotations(data['data_samples'])

    @staticmethod
    def pixels(data: dict[str, Any]) -> Tensor:
        """The crops (N, C, H, W) of a batch.

        Raises:
            ValueError: They differ in size.
        """
        sizes = sorted({tuple(crop.shape) for crop in data['inputs']})
        require(len(sizes) == 1, 'inputs', 'crops of one size (C, H, W)', sizes)
        return torch.stack(list(data['inputs']))

    def bind(self, samples: Sequence[Any], layouts: Sequence[Any] = ()) -> BoundCrops:
        """The victim of persons' crops of one size."""
        return BoundCrops(self, samples, layouts)

    def bind_pixels(self, pixels: Tensor) -> BoundVictim:
        """The victim of bare crops (N, C, H, W), as the network takes them.

        The whole crop stands for the person's box.

        Raises:
            ValueError: They are of another size than the network's input.
        """
        require(pixels.dim() == 4, 'pixels', 'crops (N, C, H, W)', tuple(pixels.shape))
        (sample,) = first_of(self, pixels, (1, 2, 0)).data['data_samples']
        width, height = (int(side) for side in sample.input_size)
        rule = f"of the network's input, {height} x {width}"
        require(tuple(pixels.shape[-2:]) == (height, width), 'pixels', rule, pixels.shape[-2:])
        side = np.array([width, height], dtype=np.float64)
        sample.set_metainfo({'input_center': side / 2, 'input_scale': side})
        sample.gt_instances.bboxes = np.array([[0, 0, width, height]], dtype=np.float32)
        return self.bind([sample] * len(pixels))

    def record(
        self, labels: PoseAnnotations, clean: Tensor, adversarial: Tensor, checked: Tensor
    ) -> Record:
        """The poses, and how far they are from the annotation and from each other."""
        return pose_record(labels, clean, adversarial, checked, self.sigmas)


class BoundCrops(BoundSamples):
    """A top-down estimator bound to N persons' crops."""

    def __call__(self, pixels: Tensor) -> Tensor:
        """Responses (N, D) of crops (N, C, H, W), as the test path decodes them."""
        owner = self.owner
        batch = {'inputs': list(pixels), 'data_samples': self.data_samples}
        with decoder_input(owner.adapter.head, stop=True) as caught:
            data = owner.model.data_preprocessor(batch, False)
            owner.model._run_forward(data, mode='predict')
        return owner.adapter.flatten(caught.value)
