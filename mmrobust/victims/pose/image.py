"""MMPose's top-down estimators, attacked through the picture.

Shapes: C = 3 channels, H, W pixels of the picture, P persons, h, w pixels of
a crop, K joints, D values of a person's response; pixels 0..255 in the channel
order of the config's own pipeline, which is BGR unless the config says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from mmrobust.functional.affine_crop import affine_crop
from mmrobust.functional.checks import require
from mmrobust.registry import VICTIMS
from mmrobust.victims.base import Record, SampleKind
from mmrobust.victims.bound import BoundSamples, BoundVictim
from mmrobust.victims.pose.image_annotations import ImageAnnotations, image_record
from mmrobust.victims.pose.image_loading import PersonPipeline
from mmrobust.victims.pose.images import CollatePersons, Images
from mmrobust.victims.pose.topdown import TopDownVictim
from mmrobust.victims.pose.victim import BoundCrops
from mmrobust.victims.samples import Collate
from mmrobust.victims.unloaded import first_of


@VICTIMS.register_module()
class ImageVictim(TopDownVictim):
    """A pose estimator that is attacked through the picture.

    A sample is a picture with all its persons: one perturbation, which
    reaches the network through the pipeline's affine crops. Persons share the
    pixels where their crops overlap. A batch holds one picture, whose crops
    pass through the network together.

    Args:
        model: A built MMPose top-down estimator with its weights.
        space: ``image``.
        target: See :class:`~mmrobust.victims.pose.topdown.TopDownVictim`.

    Raises:
        ValueError: Its head has no adapter, or ``target`` names no pose.
        FileNotFoundError: ``target`` is no file.
    """

    pipeline = PersonPipeline
    kinds = {'image': SampleKind('image', previews='PosePreviews', saved_files='ImageFiles')}
    one_by_one = True
    record_keys = (*TopDownVictim.record_keys, 'persons', 'by_person')

    def __init__(
        self, model: nn.Module, *, space: Literal['image'] = 'image', target: str | None = None
    ) -> None:
        require(space == 'image', 'space', 'image for a picture', space)
        self.space = space
        super().__init__(model, target)

    def samples(self, dataset: Any) -> Images:
        """The data set by picture."""
        return Images(dataset)

    @staticmethod
    def collate(original: Any) -> Collate:
        """Collates the persons of a picture."""
        return Collate(CollatePersons(original))

    def labels(self, data: dict[str, Any]) -> ImageAnnotations:
        """Annotations (one sample) of a picture's persons, with everyone's target pose."""
        samples = data['data_samples']
        return ImageAnnotations.of(self.annotations(samples), samples)

    def predict(self, data: dict[str, Any]) -> tuple[Sequence[Any], Tensor]:
        """The stock test step on all crops: P data samples, and responses (1, P * D)."""
        # ``render`` gives the crops of a picture in one tensor (P, C, h, w).
        crops = [crop for given in data['inputs'] for crop in given.reshape(-1, *given.shape[-3:])]
        samples, responses = super().predict({**data, 'inputs': crops})
        return samples, responses.reshape(1, -1)

    def bind(self, samples: Sequence[Any], layouts: Sequence[Any] = ()) -> BoundImage:
        """The victim of one picture with its persons."""
        return BoundImage(self, samples, layouts)

    def bind_pixels(self, pixels: Tensor) -> BoundVictim:
        """The victim of one bare picture (1, C, H, W) of one person, whose box it is.

        Raises:
            ValueError: There are several: persons of each could not be told apart.
        """
        require(pixels.dim() == 4, 'pixels', 'a picture (1, C, H, W)', tuple(pixels.shape))
        require(len(pixels) == 1, 'pixels', 'of one picture in space image', len(pixels))
        return self.batches(first_of(self, pixels, (1, 2, 0)))[0][1]

    def record(
        self, labels: ImageAnnotations, clean: Tensor, adversarial: Tensor, checked: Tensor
    ) -> Record:
        """The persons' poses, and how far they are from the annotation and from each other."""
        return image_record(labels, clean, adversarial, checked, self.sigmas)


class BoundImage(BoundSamples):
    """An estimator bound to one picture, whose layout has P crops, one for each person."""

    def select(self, rows: Tensor) -> BoundImage:
        """Itself: its one sample may be asked about in several versions."""
        return self

    def __call__(self, pixels: Tensor) -> Tensor:
        """Responses (N, P * D) to N versions (N, C, H, W) of the picture."""
        (layout,) = self.layouts
        crops = torch.cat([affine_crop(one, layout.matrices, layout.size) for one in pixels])
        responses = BoundCrops(self.owner, self.data_samples * len(pixels))(crops)
        return responses.reshape(len(pixels), -1)
