"""Associative embedding: heatmaps of all persons, and tags that tell them apart.

Newell, Huang and Deng 2017, arXiv:1611.05424. Shapes: N pictures, J persons, K
joints, L tags per joint, H, W of a heatmap.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from mmrobust.functional.checks import require
from mmrobust.functional.pose_losses import heatmap_mse
from mmrobust.victims.bottomup.head_adapters.base import (
    Loss,
    PersonsAdapter,
    PersonsReference,
    Shape,
    resolution,
)
from mmrobust.victims.bottomup.head_adapters.registry import register
from mmrobust.victims.bottomup.persons import Persons


@register('AssociativeEmbeddingHead')
class AssociativeAdapter(PersonsAdapter):
    """F^k = heatmaps (N, K, H, W) and tags (N, K * L, H, W), as the head computes them.

    Before they are enlarged to the picture (``restore_heatmap_size``). With the
    flip test the losses see the mean of the heatmaps, as the decoder does.

    Deviations: targets have the decoder's ``sigma`` in cells of these heatmaps,
    which is that of training as MMPose's configs build both codecs. Crowds and persons
    without labels, which training masks out, count as background.
    """

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        codec, kind = self.head.decoder, 'AssociativeEmbedding'
        require(type(codec).__name__ == kind, 'head.decoder', kind, type(codec).__name__)
        own = bool(self.head.tag_per_keypoint)
        require(own, 'head.tag_per_keypoint', 'true, as the decoder wants it', own)

    def shapes(self, size: tuple[int, int], values: int) -> list[Shape]:
        """Heatmaps and tags of one resolution, which follows from the number of values."""
        channels = (self.joints, self.joints * self.head.tag_dim)
        cells = resolution(size, values / sum(channels))
        return [(count, *cells) for count in channels]

    def arranged(self, parts: list[Tensor]) -> tuple[Tensor, ...]:
        """Heatmaps and tags."""
        return tuple(parts)

    def heatmaps(self, outputs: Tensor, persons: Persons) -> Tensor:
        """(N, K, H, W), the mean of both passes with the flip test."""
        passes = self.unflatten(outputs, persons.size)
        plain = passes[0][0]
        if not self.flip:
            return plain
        from mmpose.models.utils.tta import flip_heatmaps

        back = flip_heatmaps(
            passes[1][0],
            flip_indices=persons.data_samples[0].metainfo['flip_indices'],
            shift_heatmap=bool(self.test_cfg.get('shift_heatmap')),
        )
        return (plain + back) / 2

    def encode(self, persons: Persons, outputs: Tensor) -> PersonsReference:
        """Heatmaps (N, K, H, W) as ``GenerateTarget`` makes them, the most of all persons."""
        made = [one['heatmaps'] for one in self._encoded(persons, outputs)]
        return PersonsReference(persons, torch.stack([torch.from_numpy(one) for one in made]))

    def _encoded(self, persons: Persons, outputs: Tensor) -> list[dict[str, Any]]:
        """What the decoder's kind of codec makes of every picture's persons.

        For an input of this size, and heatmaps of the size of the outputs'.
        """
        _, rows, columns = self.shapes(persons.size, outputs.shape[1] // self.passes)[0]
        own = self.head.decoder
        codec = type(own)(
            input_size=persons.size,
            heatmap_size=(columns, rows),
            sigma=own.sigma,
            use_udp=own.use_udp,
        )
        joints, seen = persons.keypoints.cpu().numpy(), persons.visible.cpu().numpy()
        pairs = zip(joints, seen, strict=True)
        return [codec.encode(keypoints=a, keypoints_visible=b) for a, b in pairs]

    def losses(self) -> Mapping[str, Loss]:
        """``heatmap_mse``, ``response`` and ``tags``."""
        return {'heatmap_mse': self.heatmap_mse, 'response': self.response, 'tags': self.tags}

    def heatmap_mse(self, outputs: Tensor, reference: PersonsReference) -> Tensor:
        """Squared error from the encoded heatmaps of all persons (N,)."""
        found = self.heatmaps(outputs, reference.persons)
        return heatmap_mse(found, reference.response, torch.ones_like(found[:, :, 0, 0]))

    def response(self, outputs: Tensor, reference: PersonsReference) -> Tensor:
        """How little the heatmaps respond where joints are: minus the mean <h, F> (N,)."""
        total = reference.response.flatten(1).sum(dim=1).clamp(min=1)
        return -self.groups(outputs, reference).sum(dim=1) / total

    def tags(self, outputs: Tensor, reference: PersonsReference) -> Tensor:
        """The head's own loss of the tags, for each picture alone (N,).

        It grows as joints of one person are told apart and persons are not.
        With the flip test, the mean over both passes' tags.
        """
        persons = reference.persons
        maps = self.tag_maps(outputs, persons)
        loss = self.head.loss_module.tag_loss
        rows = []
        for i, encoded in enumerate(self._encoded(persons, outputs)):
            places = [torch.from_numpy(encoded['keypoint_indices'])]
            parts = [part for one in maps for part in loss(one[i : i + 1], places)]
            rows.append(torch.stack(parts).sum() / len(maps))
        return torch.stack(rows)

    def tag_maps(self, outputs: Tensor, persons: Persons) -> list[Tensor]:
        """(N, K * L, H, W) of every pass, those of the mirror image turned back."""
        passes = self.unflatten(outputs, persons.size)
        if not self.flip:
            return [passes[0][1]]
        back = self.head._flip_tags(
            passes[1][1],
            flip_indices=persons.data_samples[0].metainfo['flip_indices'],
            shift_heatmap=bool(self.test_cfg.get('shift_heatmap')),
        )
        return [passes[0][1], back]

    def groups(self, outputs: Tensor, reference: PersonsReference) -> Tensor:
        """<h, F> of every kind of joint over all persons (N, K)."""
        return (
            (self.heatmaps(outputs, reference.persons) * reference.response).flatten(2).sum(dim=2)
        )
