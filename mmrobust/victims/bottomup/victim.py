"""MMPose's bottom-up and one-stage estimators as victims.

Shapes: N pictures, C = 3 channels, H, W of the network's input, D values of a
response; pixels 0..255 in the channel order of the config's own pipeline.
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
from mmrobust.victims.bottomup.annotations import annotated_persons
from mmrobust.victims.bottomup.head_adapters import adapter_of
from mmrobust.victims.bottomup.loading import PicturePipeline
from mmrobust.victims.bottomup.persons_annotations import PersonsAnnotations
from mmrobust.victims.bottomup.record import persons_record
from mmrobust.victims.bound import BoundSamples, BoundVictim
from mmrobust.victims.pose.cells import PictureCells
from mmrobust.victims.samples import channels_of
from mmrobust.victims.unloaded import first_of


@VICTIMS.register_module()
class BottomupVictim(Victim):
    """An estimator of all persons of a picture, with its own test path.

    The threat model is that of the network's input: the picture as the
    pipeline resizes and pads it. The border that pads it can be attacked.

    Args:
        model: A built MMPose bottom-up estimator with its weights.
        space: ``crop``, the network's input.

    Raises:
        ValueError: Its head has no adapter, or it is tested on several scales.
    """

    goal = 'CorruptPersons'
    kinds = {'crop': SampleKind('picture', previews='PosePreviews')}
    cells = PictureCells
    record_keys = (
        *('persons', 'joints_moved'),
        *both('correct', 'pck', 'persons_right', 'joints', 'poses'),
    )

    def __init__(self, model: nn.Module, *, space: Literal['crop'] = 'crop') -> None:
        require(space == 'crop', 'space', 'crop for a bottom-up estimator', space)
        self.space = space
        self.model: Any = model.module if is_model_wrapper(model) else model
        self.adapter = adapter_of(self.model)

    def install(self, dataset: Any) -> None:
        """Let a data set (without wrappers) keep the network's inputs."""
        dataset.pipeline = PicturePipeline(dataset.pipeline.transforms, channels_of(self.model))

    def labels(self, data: dict[str, Any]) -> PersonsAnnotations:
        """Annotations of a batch."""
        adapter = self.adapter
        return PersonsAnnotations(adapter, annotated_persons(data['data_samples'], adapter.joints))

    @staticmethod
    def pixels(data: dict[str, Any]) -> Tensor:
        """The pictures (N, C, H, W) of a batch.

        Raises:
            ValueError: They differ in size, and MMPose would pad the smaller ones.
        """
        sizes = sorted({tuple(picture.shape) for picture in data['inputs']})
        rule = 'pictures of one size in a batch (or a batch size of 1)'
        require(len(sizes) == 1, 'inputs', rule, sizes)
        return torch.stack(list(data['inputs']))

    def predict(self, data: dict[str, Any]) -> tuple[Sequence[Any], Tensor]:
        """The stock test step: data samples, and responses (N, D)."""
        count, adapter = len(self.pixels(data)), self.adapter
        samples, rows = [], []
        for part in self.parts(count):
            some = {key: values[part] for key, values in data.items()}
            with adapter.watched(stop=False) as found:
                samples += self.model.test_step(some)
            rows.append(torch.cat(found, dim=1))
        return samples, torch.cat(rows)

    def parts(self, count: int) -> list[slice]:
        """So many pictures in batches that MMPose takes."""
        step = self.adapter.largest_batch or count
        return [slice(i, i + step) for i in range(0, count, step)]

    def bind(self, samples: Sequence[Any], layouts: Sequence[Any] = ()) -> BoundPictures:
        """The victim of pictures of one size."""
        return BoundPictures(self, samples, layouts)

    def bind_pixels(self, pixels: Tensor) -> BoundVictim:
        """The victim of bare pictures (N, C, H, W), as the network takes them.

        Raises:
            ValueError: They are of another size than the pipeline leaves.
        """
        require(pixels.dim() == 4, 'pixels', 'pictures (N, C, H, W)', tuple(pixels.shape))
        loaded = first_of(self, pixels, (1, 2, 0))
        size = tuple(loaded.data['inputs'][0].shape[-2:])
        rule = f"of the network's input, {size[0]} x {size[1]}"
        require(tuple(pixels.shape[-2:]) == size, 'pixels', rule, tuple(pixels.shape[-2:]))
        return self.bind(list(loaded.data['data_samples']) * len(pixels))

    def record(
        self, labels: PersonsAnnotations, clean: Tensor, adversarial: Tensor, checked: Tensor
    ) -> Record:
        """The persons, and how many of them are still found."""
        return persons_record(labels, clean, adversarial, checked)


class BoundPictures(BoundSamples):
    """A :class:`BottomupVictim` bound to N pictures."""

    def __call__(self, pixels: Tensor) -> Tensor:
        """Responses (N, D) of pictures (N, C, H, W), as the test path computes them."""
        adapter, model = self.owner.adapter, self.owner.model
        rows = []
        for part in self.owner.parts(len(pixels)):
            batch = {'inputs': list(pixels[part]), 'data_samples': self.data_samples[part]}
            with adapter.watched(stop=True) as found:
                data = model.data_preprocessor(batch, False)
                model._run_forward(data, mode='predict')
            rows.append(torch.cat(found, dim=1))
        return torch.cat(rows)
