"""A contact sheet: what K-limiting attacks did to some poses, and what they looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmengine.runner import load_checkpoint

from mmrobust.attacks.k_limiting import KLimiting
from mmrobust.engine.relations import relations
from mmrobust.registry import ATTACKS
from mmrobust.victims.pose.victim import PoseVictim
from mmrobust.victims.samples import Collate
from mmrobust.visualization.panels import Frame
from mmrobust.visualization.pose_pictures import LEGEND, PosePictures, rgb
from mmrobust.visualization.stills import write_contact_sheet


@dataclass(frozen=True)
class Sheet:
    """What is drawn.

    Attributes:
        cfg: Of the victim.
        checkpoint: Its weights.
        indices: Of the samples in the test set.
    """

    cfg: Config
    checkpoint: Path
    indices: Sequence[int]

    def write(self, path: Path, attacks: dict[str, tuple[dict[str, Any], str | None]]) -> None:
        """One row per sample, one column per goal.

        Args:
            path: PNG.
            attacks: Goal -> the attack's config, and the victim's target.
        """
        columns = [
            self._samples(goal, ATTACKS.build(attack), target)
            for goal, (attack, target) in attacks.items()
        ]
        rows = [sample for row in zip(*columns, strict=True) for sample in row]
        write_contact_sheet(path, rows, len(columns))

    def _samples(
        self, goal: str, attack: KLimiting, target: str | None
    ) -> list[tuple[str, str, Frame]]:
        """Every sample under one attack: name, what happened, picture."""
        victim, dataset = self._scene(target)
        loaded = Collate(pseudo_collate)([dataset[index] for index in self.indices])
        crops, pixels = victim.bind(loaded.data['data_samples']), victim.pixels(loaded.data)
        truth = victim.labels(loaded.data)
        with torch.no_grad():
            before, _ = victim.adapter.decode(crops(pixels.float()))
        outcomes = attack(crops, pixels, truth)
        maps = relations(crops, pixels, truth, attack)
        after, _ = victim.adapter.decode(torch.stack([found.scores for found in outcomes]))
        aim = truth.keypoints if truth.target is None else truth.target
        pictures = PosePictures(dataset.metainfo)
        samples = []
        for i, found in enumerate(outcomes):
            clean, changed = rgb(pixels[i]), rgb(found.adversarial)
            poses = {
                'clean': (clean, before[i].tolist()),
                'adversarial': (changed, after[i].tolist()),
                'annotation' if truth.target is None else 'target': (clean, aim[i].tolist()),
            }
            result = 'not attacked' if not found.attacked else 'fooled' if found.success else 'held'
            picture = pictures.sample((clean, changed), poses, maps[i])
            samples.append((loaded.names[i], f'{goal}: {result}; {LEGEND}', picture))
        return samples

    def _scene(self, target: str | None) -> tuple[PoseVictim, Any]:
        """The estimator and its test set."""
        import mmpose.datasets  # noqa: F401  (registers them)
        from mmpose.registry import DATASETS, MODELS

        init_default_scope('mmpose')
        model = MODELS.build(self.cfg.model)
        load_checkpoint(model, str(self.checkpoint), map_location='cpu', logger='silent')
        dataset = DATASETS.build(self.cfg.test_dataloader.dataset)
        dataset.full_init()
        victim = PoseVictim(model.eval(), target=target)
        victim.install(dataset)
        return victim, dataset
