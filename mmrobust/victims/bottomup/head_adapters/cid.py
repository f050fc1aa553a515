"""CID: heatmaps of all persons, and of each person alone, from one feature map.

Wang and Zhang 2022, "Contextual Instance Decoupling for Robust Multi-Person Pose
Estimation", CVPR. Shapes: N pictures, J persons, P persons with a root inside the
picture, K joints, C features, H, W of a heatmap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from mmrobust.functional.checks import require
from mmrobust.victims.bottomup.capture import head_inputs
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
    """What training compares a picture with.

    Attributes:
        coupled: (K + 1, H, W), roots last.
        decoupled: (P, K, H, W).
        weights: (P, K).
        roots: (P, 2), whole cells.
    """

    coupled: Tensor
    decoupled: Tensor
    weights: Tensor
    roots: Tensor


@register('CIDHead')
class CIDAdapter(PersonsAdapter):
    """F^k = the features (N, C, H, W) from which the head makes every heatmap.

    The head picks persons' roots in the middle of its computation, so that there are
    as many heatmaps as it finds persons; its input is the last tensor of a fixed
    shape. The losses are the head's own, for each picture alone, of heatmaps that
    follow from those features: those of all persons together (``coupled``), and of
    each annotated person from the features at its root (``decoupled``), as in
    training. With the flip test they see the means over both passes, as the
    decoder does.

    Deviations: training moves each root by up to a cell at random; here it is the
    cell where its heatmap is highest, as for the decoder. The contrastive loss is
    left out.
    """

    # MMPose decodes the first picture alone.
    largest_batch = 1

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        codec, kind = self.head.decoder, 'DecoupledHeatmap'
        require(type(codec).__name__ == kind, 'head.decoder', kind, type(codec).__name__)
        channels = self.head.in_channels
        require(isinstance(channels, int), 'head.in_channels', 'one number', channels)

    def watched(self, *, stop: bool) -> AbstractContextManager[list[Any]]:
        """Record what the head is given."""
        return head_inputs(self.head, self.flatten, stop=stop)

    def flatten(self, value: Any) -> Tensor:
        """The last feature map of every pass as (N, D)."""
        passes = value if self.flip else [value]
        return torch.cat([features[-1].flatten(1) for features in passes], dim=1)

    def shapes(self, size: tuple[int, int], values: int) -> list[Shape]:
        """One feature map."""
        channels = self.head.in_channels
        return [(channels, *resolution(size, values / channels))]

    def arranged(self, parts: list[Tensor]) -> tuple[Tensor, ...]:
        """A backbone's tuple of feature maps."""
        return tuple(parts)

    def decode(self, outputs: Tensor, samples: Sequence[Any]) -> list[Prediction]:
        """Picture by picture; a person's score is the mean of the joints'."""
        found = []
        for i, sample in enumerate(samples):
            width, height = sample.metainfo['input_size']
            row = outputs[i : i + 1].detach().clone()
            passes = [self.arranged(p) for p in self.unflatten(row, (int(width), int(height)))]
            features = passes if self.flip else passes[0]
            with torch.no_grad():
                kept = self.head.predict(features, [sample], test_cfg=self.model.test_cfg)
            (instances,) = kept[0] if isinstance(kept, tuple) else kept
            found.append(self._prediction(instances))
        return found

    def encode(self, persons: Persons, outputs: Tensor) -> PersonsReference:
        """All of ``Targets``, one after the other, filled up to J persons; roots of -1 are none."""
        _, rows, columns = self.shapes(persons.size, outputs.shape[1] // self.passes)[0]
        made = [self._encoded(persons, row, (columns, rows)) for row in range(len(persons))]
        return PersonsReference(persons, torch.stack(made))

    def _encoded(self, persons: Persons, row: int, cells: tuple[int, int]) -> Tensor:
        """One picture's, as ``DecoupledHeatmap`` encodes them, but for the random roots."""
        from mmpose.codecs.utils import generate_gaussian_heatmaps, get_instance_root

        factor = (np.array(persons.size) / cells).astype(np.float32)
        joints = persons.keypoints[row].cpu().numpy() / factor
        seen = persons.visible[row].cpu().numpy()
        left, top, right, bottom = persons.boxes[row].cpu().numpy().T
        corners = np.stack([[left, top], [left, bottom], [right, top], [right, bottom]])
        own = self.head.decoder
        sigmas = own._get_instance_wise_sigmas(corners.transpose(2, 0, 1) / factor)
        # A person of one joint has no size.
        sigmas = np.where(sigmas > 0, sigmas, 1 / 3)
        roots, rooted = get_instance_root(joints, seen, own.root_type)
        every = np.concatenate([joints, roots[:, None]], axis=1)
        shown = np.concatenate([seen, rooted[:, None]], axis=1)
        coupled, kept = generate_gaussian_heatmaps(cells, every, shown, sigmas)
        decoupled = np.zeros((len(joints), *coupled[:-1].shape), np.float32)
        weights, places = np.zeros_like(seen), np.full((len(joints), 2), -1.0)
        for j in np.flatnonzero(kept[:, -1] >= 1):
            alone = (joints[j : j + 1], seen[j : j + 1], float(sigmas[j]))
            decoupled[j], weights[j : j + 1] = generate_gaussian_heatmaps(cells, *alone)
            places[j] = np.clip(np.floor(roots[j] + 0.5), 0, np.array(cells) - 1)
        parts = (coupled, decoupled, weights, places)
        return torch.cat([torch.from_numpy(part).float().flatten() for part in parts])

    def targets(self, reference: PersonsReference, cells: tuple[int, int], row: int) -> Targets:
        """Those of one picture again, of the persons whose root is inside."""
        most, joints = reference.persons.visible.shape[1:]
        shapes = [(joints + 1, *cells), (most, joints, *cells), (most, joints), (most, 2)]
        split = reference.response[row].split([int(np.prod(shape)) for shape in shapes])
        coupled, *others = (part.view(s) for part, s in zip(split, shapes, strict=True))
        inside = others[-1][:, 0] >= 0
        return Targets(coupled, *(part[inside] for part in others))

    def coupled_maps(self, outputs: Tensor, persons: Persons) -> Tensor:
        """Heatmaps (N, K + 1, H, W) of all persons."""
        found = [self.head.iia_module(features) for features in self._features(outputs, persons)]
        if self.flip:
            order = list(persons.data_samples[0].metainfo['flip_indices'])
            found[1] = found[1][:, [*order, len(order)]]
        return torch.stack(found).mean(dim=0)

    def decoupled_maps(self, outputs: Tensor, persons: Persons, roots: Tensor) -> Tensor:
        """Heatmaps (P, K, H, W) of one picture's persons with these roots (P, 2)."""
        places, first = roots.long(), torch.zeros(len(roots), dtype=torch.long)
        found = []
        for features in self._features(outputs, persons):
            own = self.head.iia_module._sample_feats(features, places)
            found.append(self.head.gfd_module(features, own, places, first.to(places.device)))
        if self.flip:
            found[1] = found[1][:, list(persons.data_samples[0].metainfo['flip_indices'])]
        return torch.stack(found).mean(dim=0)

    def _features(self, outputs: Tensor, persons: Persons) -> list[Tensor]:
        """(N, C, H, W) of every pass, those of the mirror image turned back."""
        passes = [parts[0] for parts in self.unflatten(outputs, persons.size)]
        return [passes[0], *(features.flip(-1) for features in passes[1:])]

    def losses(self) -> Mapping[str, Loss]:
        """``heatmaps`` (the sum of the others), ``coupled`` and ``decoupled``."""
        return {'heatmaps': self.heatmaps, 'coupled': self.coupled, 'decoupled': self.decoupled}

    def heatmaps(self, outputs: Tensor, reference: PersonsReference) -> Tensor:
        """Both losses with the weights of training (N,)."""
        return self.coupled(outputs, reference) + self.decoupled(outputs, reference)

    def coupled(self, outputs: Tensor, reference: PersonsReference) -> Tensor:
        """The head's own loss of the heatmaps of all persons (N,)."""
        found, loss = self.coupled_maps(outputs, reference.persons), self.head.loss_module
        cells = (found.shape[2], found.shape[3])
        return torch.stack(
            [
                loss['heatmap_coupled'](
                    one[None], self.targets(reference, cells, row).coupled[None]
                )
                for row, one in enumerate(found)
            ]
        )

    def decoupled(self, outputs: Tensor, reference: PersonsReference) -> Tensor:
        """The head's own loss of every annotated person's heatmaps (N,); 0 without any."""
        rows = []
        for found, wanted in self._pairs(outputs, reference):
            parts = (found, wanted.decoupled, wanted.weights)
            some = len(found) > 0
            rows.append(self.head.loss_module['heatmap_decoupled'](*parts) if some else found.sum())
        return torch.stack(rows)

    def groups(self, outputs: Tensor, reference: PersonsReference) -> Tensor:
        """<h, F> of every kind of joint over all annotated persons (N, K)."""
        pairs = self._pairs(outputs, reference)
        return torch.stack([(f * w.decoupled).flatten(2).sum(dim=(0, 2)) for f, w in pairs])

    def _pairs(self, outputs: Tensor, reference: PersonsReference) -> list[tuple[Tensor, Targets]]:
        """Every picture's decoupled heatmaps (P, K, H, W) and its targets."""
        _, *cells = self.shapes(reference.persons.size, outputs.shape[1] // self.passes)[0]
        found = []
        for row in range(len(outputs)):
            wanted = self.targets(reference, (cells[0], cells[1]), row)
            alone = reference.persons.select(torch.tensor([row]))
            part = outputs[row : row + 1]
            found.append((self.decoupled_maps(part, alone, wanted.roots), wanted))
        return found
