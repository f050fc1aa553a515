"""What the K-limiting attack costs beside the network.

MMPose's ResNet-50 with heatmaps (17 joints, 256 x 192, random weights, flip
test as deployed) on crops of noise. Relation map of all joints over as many plain
backward passes; one attack step, with its success test, over a bare forward and
backward. Timed in turns; the fastest of each counts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from benchmarks_flow import fastest
from mmengine.config import Config
from mmengine.registry import init_default_scope
from torch import Tensor

import mmrobust  # noqa: F401  (heals the stack before MMPose is imported)
from mmrobust.attacks.k_limiting import KLimiting
from mmrobust.functional.randomness import SampleRandom
from mmrobust.functional.relation import relation_map
from mmrobust.goals import BoundGoal, CorruptPose
from mmrobust.threats import Linf
from mmrobust.victims import frozen
from mmrobust.victims.counting import Counters, CountingVictim
from mmrobust.victims.pose.victim import BoundCrops, PoseVictim

CONFIG = 'body_2d_keypoint/topdown_heatmap/coco/td-hm_res50_8xb64-210e_coco-256x192.py'
STEPS = 4


def estimator() -> PoseVictim:
    """The stock config's model with random weights."""
    import mmpose
    from mmpose.registry import MODELS

    init_default_scope('mmpose')
    path = Path(mmpose.__file__).parent / '.mim' / 'configs' / CONFIG
    cfg = Config.fromfile(path).model
    cfg.backbone.pop('init_cfg', None)
    torch.manual_seed(0)
    return PoseVictim(MODELS.build(cfg).eval())


def persons(victim: PoseVictim, n: int) -> dict[str, Any]:
    """A batch as the data loader gives it, keypoints in input pixels packed."""
    from mmpose.registry import TRANSFORMS

    steps = [{'type': 'GetBBoxCenterScale'}, {'type': 'TopdownAffine', 'input_size': (192, 256)}]
    steps += [{'type': 'PackPoseInputs', 'pack_transformed': True}]
    rng = np.random.default_rng(0)
    packed = []
    for _ in range(n):
        found: Any = {
            'img': rng.integers(0, 256, (256, 192, 3), np.uint8),
            'img_shape': (256, 192),
            'bbox': np.array([[20, 20, 170, 230]], np.float32),
            'bbox_score': np.ones(1, np.float32),
            'keypoints': rng.uniform(30, 160, (1, 17, 2)).astype(np.float32),
            'keypoints_visible': np.ones((1, 17), np.float32),
            'flip_indices': [0, *(i + 1 if i % 2 else i - 1 for i in range(1, 17))],
            'raw_ann_info': {'keypoints': []},
        }
        for step in steps:
            found = TRANSFORMS.build(step)(found)
        packed.append(found)
    return {key: [one[key] for one in packed] for key in ('inputs', 'data_samples')}


def measure_relation(crops: BoundCrops, pixels: Tensor, goal: BoundGoal, repeats: int) -> None:
    """The map of all joints against plain backward passes through one forward."""
    leaf = pixels.clone().requires_grad_()
    outputs = crops(leaf)
    groups, loss = goal.groups(outputs), goal.objective(outputs).sum()

    def plain() -> None:
        for _ in range(groups.shape[1]):
            torch.autograd.grad(loss, leaf, retain_graph=True)

    related, passes = fastest([lambda: list(relation_map(groups, leaf)), plain], repeats)
    print(
        f'relation map of {groups.shape[1]} joints: {related:.2f} s, {related / passes:.3f} of as '
        f'many plain backward passes (goal <= 1.1)',
        flush=True,
    )


def measure_step(crops: BoundCrops, pixels: Tensor, goal: BoundGoal, repeats: int) -> None:
    """Attack steps against bare forwards and backwards."""
    n = len(pixels)
    # Out of reach, so that every step is taken.
    attack = KLimiting(Linf(1), relation='none', steps=STEPS)

    def steps() -> None:
        victim = CountingVictim(crops, Counters(n), torch.arange(n))
        attack.run(victim, pixels, goal, SampleRandom.from_seeds(range(n)))

    def bare() -> None:
        for _ in range(STEPS):
            leaf = pixels.clone().requires_grad_()
            torch.autograd.grad(goal.objective(crops(leaf)).sum(), leaf)

    attacked, plain = fastest([steps, bare], repeats)
    print(
        f'attack step: {attacked / STEPS:.3f} s, {attacked / plain:.3f} of a bare forward and '
        f'backward (goal <= 1.05)',
        flush=True,
    )


def run(quick: bool) -> None:
    """Print both ratios."""
    n, repeats = (1, 2) if quick else (4, 7)
    victim = estimator()
    data = persons(victim, n)
    crops, pixels = victim.bind(data['data_samples']), victim.pixels(data).float()
    with frozen(victim.model):
        with torch.no_grad():
            goal = CorruptPose(tau=1e3).bind(victim.labels(data), crops(pixels))
        measure_relation(crops, pixels, goal, repeats)
        measure_step(crops, pixels, goal, repeats)
