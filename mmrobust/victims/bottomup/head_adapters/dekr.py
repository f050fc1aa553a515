"""DEKR: heatmaps of joints and centres, and where every joint lies from a centre.

Geng et al. 2021, arXiv:2104.02300. Shapes: N pictures, J persons, K joints, H,
W of a heatmap.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from mmrobust.functional.checks import require
from mmrobust.victims.bottomup.head_adapters.base import (
    Loss,
    PersonsAdapter,
    PersonsReference,
    Shape,
    resolution,
)
from mmrobust.victims.bottomup.head_adapters.registry import register
from mmrobust.victims.bottomup.persons import Persons, Prediction


class Targets(NamedTuple):
    """What training compares with.

    Attributes:
        heatmaps: (N, K + 1, H, W), centres last.
        heatmap_weights: Of the same shape.
        displacements: (N, 2 * K, H, W), cells.
        displacement_weights: Of the same shape, 0 away from centres.
    """

    heatmaps: Tensor
    heatmap_weights: Tensor
    displacements: Tensor
    displacement_weights: Tensor


@register('DEKRHead')
class DEKRAdapter(PersonsAdapter):
    """F^k = heatmaps (N, K + 1, H, W) and displacements (N, 2 * K, H, W).

    With the flip test the losses see the means of both, as the decoder does.
    Losses are the head's own, for each picture alone.
    """

    # MMPose asserts it.
    largest_batch = 1

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        codec = self.head.decoder
        require(type(codec).__name__ == 'SPR', 'head.decoder', 'SPR', type(codec).__name__)
        every = bool(codec.generate_keypoint_heatmaps)
        require(every, 'head.decoder.generate_keypoint_heatmaps', 'true, as heads have them', every)

    def shapes(self, size: tuple[int, int], values: int) -> list[Shape]:
        """Heatmaps and displacements of one resolution."""
        channels = (self.joints + 1, 2 * self.joints)
        cells = resolution(size, values / sum(channels))
        return [(count, *cells) for count in channels]

    def arranged(self, parts: list[Tensor]) -> tuple[Tensor, ...]:
        """Heatmaps and displacements."""
        return tuple(parts)

    def decode(self, outputs: Tensor, samples: Sequence[Any]) -> list[Prediction]:
        """Picture by picture; a person's score is the mean of the joints'."""
        found = []
        for i in range(len(outputs)):
            found += super().decode(outputs[i : i + 1], samples[i : i + 1])
        return found

    def maps(self, outputs: Tensor, persons: Persons) -> tuple[Tensor, Tensor]:
        """Heatmaps and displacements, the means of both passes with the flip test."""
        passes = self.unflatten(outputs, persons.size)
        heatmaps, displacements = passes[0]
        if not self.flip:
            return heatmaps, displacements
        from mmpose.models.utils.tta import flip_heatmaps

        order = list(persons.data_samples[0].metainfo['flip_indices'])
        back = flip_heatmaps(
            passes[1][0],
            flip_indices=[*order, len(order)],
            shift_heatmap=bool(self.test_cfg.get('shift_heatmap')),
        )
        moved = flip_heatmaps(
            passes[1][1], flip_mode='offset', flip_indices=order, shift_heatmap=False
        )
        # Mirrored centres lie on other cells: the amendment of ``DEKRHead.predict``.
        factor = persons.size[0] / heatmaps.shape[-1]
        across = torch.zeros_like(moved[:, :, :1, :1])
        across[:, ::2] = (factor - 1) / factor
        return (heatmaps + back) / 2, (displacements + moved + across) / 2

    def encode(self, persons: Persons, outputs: Tensor) -> PersonsReference:
        """All of ``Targets`` as ``GenerateTarget`` makes them, one after the other."""
        own = self.head.decoder
        _, rows, columns = self.shapes(persons.size, outputs.shape[1] // self.passes)[0]
        codec = type(own)(
            input_size=persons.size,
            heatmap_size=(columns, rows),
            sigma=own.sigma,
            generate_keypoint_heatmaps=True,
            root_type=own.root_type,
            minimal_diagonal_length=own.minimal_diagonal_length,
            background_weight=own.background_weight,
        )
        joints, seen = persons.keypoints.cpu().numpy(), persons.visible.cpu().numpy()
        made = []
        for a, b in zip(joints, seen, strict=True):
            encoded = codec.encode(keypoints=a, keypoints_visible=b)
            parts = [torch.from_numpy(encoded[name]) for name in Targets._fields]
            made.append(torch.cat(parts))
        return PersonsReference(persons, torch.stack(made))

    def targets(self, reference: PersonsReference) -> Targets:
        """The parts of an encoded reference again."""
        counts = [self.joints + 1] * 2 + [2 * self.joints] * 2
        return Targets(*reference.response.split(counts, dim=1))

    def losses(self) -> Mapping[str, Loss]:
        """``displacement`` and ``heatmap_mse``."""
        return {'displacement': self.displacement, 'heatmap_mse': self.heatmap_mse}

    def displacement(self, outputs: Tensor, reference: PersonsReference) -> Tensor:
        """Error of the joints' displacements round annotated centres (N,)."""
        _, found = self.maps(outputs, reference.persons)
        wanted = self.targets(reference)
        parts = (found, wanted.displacements, wanted.displacement_weights)
        return self._one_by_one(self.head.loss_module['displacement'], parts)

    def heatmap_mse(self, outputs: Tensor, reference: PersonsReference) -> Tensor:
        """Weighted squared error of the heatmaps (N,)."""
        found, _ = self.maps(outputs, reference.persons)
        wanted = self.targets(reference)
        parts = (found, wanted.heatmaps, wanted.heatmap_weights)
        return self._one_by_one(self.head.loss_module['heatmap'], parts)

    @staticmethod
    def _one_by_one(loss: Any, parts: tuple[Tensor, ...]) -> Tensor:
        rows = range(len(parts[0]))
        return torch.stack([loss(*(part[i : i + 1] for part in parts)) for i in rows])

    def groups(self, outputs: Tensor, reference: PersonsReference) -> Tensor:
        """Both displacements of every kind of joint, weighed round all centres (N, 2 * K)."""
        _, found = self.maps(outputs, reference.persons)
        return (found * self.targets(reference).displacement_weights).flatten(2).sum(dim=2)
