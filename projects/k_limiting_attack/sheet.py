"""The contact sheet: what KAA+ER did to some samples, and what it looked at.

Shapes: N samples, C channels, H, W pixels of a crop, K joints.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmengine.runner import load_checkpoint
from numpy.typing import NDArray
from torch import Tensor

from mmrobust.attacks import Attack
from mmrobust.cli.options import parse_options
from mmrobust.engine.previews import PosePreviews
from mmrobust.functional.relation import indicator, relation_map, threshold
from mmrobust.goals.pose_truth import PoseTruth
from mmrobust.registry import ATTACKS
from mmrobust.victims import PoseVictim
from mmrobust.victims.samples import Collate
from mmrobust.visualization.panels import side_by_side

Frame = NDArray[np.uint8]
# How much of the crop shows behind a relation map.
BEHIND = 0.35
RISES, FALLS = (255, 80, 60), (80, 150, 255)


@dataclass(frozen=True)
class Sheet:
    """What is drawn.

    Attributes:
        config: Of the victim.
        checkpoint: Its weights.
        options: Overrides of the config, ``KEY=VALUE``.
        indices: Of the samples in the test set.
        joints: Whose relations are shown.
    """

    config: Path
    checkpoint: Path
    options: Sequence[str]
    indices: Sequence[int]
    joints: int = 3

    def write(self, path: Path, attacks: dict[str, tuple[dict[str, Any], str | None]]) -> None:
        """One row per goal and sample.

        Args:
            path: PNG.
            attacks: Goal -> the attack's config, and the victim's target.
        """
        rows = [
            row
            for goal, (attack, target) in attacks.items()
            for row in self._rows(goal, ATTACKS.build(attack), target)
        ]
        picture = np.concatenate(rows, axis=0)
        path.write_bytes(cv2.imencode('.png', picture[..., ::-1])[1].tobytes())

    def _rows(self, goal: str, attack: Attack, target: str | None) -> Iterator[Frame]:
        victim, dataset = self._scene(target)
        loaded = Collate(pseudo_collate)([dataset[index] for index in self.indices])
        crops, pixels = victim.bind(loaded.data), victim.pixels(loaded.data)
        truth = victim.labels(loaded.data)
        outcomes = attack(crops, pixels, truth)
        clean, maps = relations(crops, pixels, truth, attack)
        previews = PosePreviews(dataset.metainfo)
        names = list(dataset.metainfo['keypoint_id2name'].values())
        before, _ = victim.readout.decode(clean)
        after, _ = victim.readout.decode(torch.stack([found.scores for found in outcomes]))
        aim = truth.keypoints if truth.target is None else truth.target
        for i, found in enumerate(outcomes):
            pair = [_picture(crop) for crop in (pixels[i], found.adversarial)]
            result = 'not attacked' if not found.attacked else 'fooled' if found.success else 'held'
            panels = {
                'clean': previews.drawn(pair[0], before[i].tolist()),
                f'{goal}, {result}': previews.drawn(pair[1], after[i].tolist()),
                'target' if truth.target is not None else 'annotation': previews.drawn(
                    pair[0], aim[i].tolist()
                ),
            }
            factor = panels['clean'].shape[0] // pair[0].shape[0]
            large = [crop.repeat(factor, axis=0).repeat(factor, axis=1) for crop in pair]
            for joint in shown_joints(maps[i], self.joints):
                drawn = relation_picture(pair[0], maps[i, joint])
                panels[f'related to {names[joint]}'] = drawn.repeat(factor, axis=0).repeat(
                    factor, axis=1
                )
            yield side_by_side(panels, (large[0], large[1]))

    def _scene(self, target: str | None) -> tuple[PoseVictim, Any]:
        """The estimator and its test set."""
        import mmpose.datasets  # noqa: F401  (registers them)
        from mmpose.registry import DATASETS, MODELS

        init_default_scope('mmpose')
        cfg = Config.fromfile(self.config)
        cfg.merge_from_dict(parse_options(list(self.options)))
        model = MODELS.build(cfg.model)
        load_checkpoint(model, str(self.checkpoint), map_location='cpu', logger='silent')
        dataset = DATASETS.build(cfg.test_dataloader.dataset)
        dataset.full_init()
        victim = PoseVictim(model.eval(), target=target)
        victim.install(dataset)
        return victim, dataset


def relations(crops: Any, pixels: Tensor, truth: PoseTruth, attack: Any) -> tuple[Tensor, Tensor]:
    """Which pixels every joint depends on, as KAA+ER takes it.

    Args:
        crops: The victim of the samples.
        pixels: (N, C, H, W).
        truth: Their annotations.
        attack: A ``KLimiting`` attack with a relation.

    Returns:
        Clean responses (N, D); maps (N, K, H, W) in -1..1: the mean over
        channels, and over both coordinates of a joint where each is a group, of 1
        where the response rises with the value, -1 where it falls, and 0.
    """
    leaf = pixels.float().requires_grad_()
    outputs = crops(leaf)
    groups = attack.goal.bind(truth, outputs.detach()).groups(outputs)
    jacobian = torch.stack(list(relation_map(groups, leaf)), dim=1).nan_to_num()
    alpha = threshold(jacobian, attack.alpha, quantile=attack.alpha_unit == 'quantile')
    signs = indicator(jacobian, alpha).float().mean(dim=2)
    joints = truth.keypoints.shape[1]
    return outputs.detach(), signs.unflatten(1, (joints, -1)).mean(dim=2)


def shown_joints(maps: Tensor, count: int) -> list[int]:
    """``count`` joints, evenly from those that depend on any pixel, or from all if too few do.

    Args:
        maps: (K, H, W), of one sample.
        count: At most K.
    """
    known = maps.flatten(1).any(dim=1).nonzero().flatten().tolist()
    known = known if len(known) >= count else list(range(len(maps)))
    return [known[place] for place in np.linspace(0, len(known) - 1, count).round().astype(int)]


def relation_picture(crop: Frame, signs: Tensor) -> Frame:
    """Where a joint's response rises (red) or falls (blue) with the pixels.

    Args:
        crop: (H, W, 3), RGB.
        signs: (H, W), -1..1.
    """
    strength = signs.abs().clamp(max=1).numpy()[..., None]
    grey = BEHIND * crop.mean(axis=2, keepdims=True)
    colour = np.where(signs.numpy()[..., None] > 0, RISES, FALLS)
    found: Frame = np.rint((1 - strength) * grey + strength * colour).astype(np.uint8)
    return found


def _picture(crop: Tensor) -> Frame:
    """RGB (H, W, 3) of a crop (C, H, W); pipelines of MMPose read photographs as BGR."""
    return np.ascontiguousarray(crop.cpu().numpy().transpose(1, 2, 0)[..., ::-1])
