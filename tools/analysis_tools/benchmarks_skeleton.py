"""What an attack on tracks costs beside the network, and what twins cost beside transforms.

Stock configs of MMAction2 (ST-GCN++ on joints in the plane and in space, PoseC3D), random weights,
one track of one person, 60 frames, one core: a forward and backward from the track over a bare
one from the network's input (goal at most 1.1), and the slopes' twin of the heatmaps over the
stock pipeline (goal at most 1). Timed in turns; the fastest of each counts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from benchmarks_flow import fastest
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope

import mmrobust  # noqa: F401  (heals the stack before MMAction2 is imported)
from mmrobust.io.pipelines import own_pipeline
from mmrobust.victims.skeleton.path import built
from mmrobust.victims.skeleton.victim import SkeletonVictim

GRAPHS = {
    'ST-GCN++, plane': 'stgcnpp/stgcnpp_8xb16-joint-u100-80e_ntu60-xsub-keypoint-2d.py',
    'ST-GCN++, space': 'stgcnpp/stgcnpp_8xb16-joint-u100-80e_ntu60-xsub-keypoint-3d.py',
}
HEATMAPS = 'posec3d/slowonly_r50_8xb16-u48-240e_ntu60-xsub-keypoint.py'
FRAMES = 60


class Data:
    """As much of a data set as a victim asks for."""

    def __init__(self, transforms: list[Any]) -> None:
        self.pipeline = type('Pipeline', (), {'transforms': transforms})()


def victim_of(name: str) -> tuple[SkeletonVictim, Data]:
    """A stock config's model with random weights, and its test pipeline."""
    import mmaction
    from mmaction.registry import MODELS

    init_default_scope('mmaction')
    path = Path(mmaction.__file__).parent / '.mim' / 'configs' / 'skeleton' / name
    cfg = Config.fromfile(path)
    cfg.model.backbone.pop('init_cfg', None)
    torch.manual_seed(0)
    transforms = built(own_pipeline(cfg.test_dataloader.dataset))
    return SkeletonVictim(MODELS.build(cfg.model).eval()), Data(transforms)


def sample(dimensions: int) -> dict[str, Any]:
    """A track of noise."""
    rng = np.random.default_rng(0)
    shape = (1, FRAMES, 17 if dimensions == 2 else 25, dimensions)
    places = rng.uniform(200, 800, shape) if dimensions == 2 else rng.normal(0, 1, shape)
    info: dict[str, Any] = {'keypoint': places.astype(np.float32), 'total_frames': FRAMES}
    info |= {'label': 0, 'frame_dir': 'noise'}
    if dimensions == 3:
        return info
    return info | {'keypoint_score': np.ones(shape[:3], np.float32), 'img_shape': (1080, 1920)}


def loaded(victim: SkeletonVictim, data: Data, info: dict[str, Any]) -> Any:
    """The sample as the data loader gives it."""
    victim.install(data)
    pipeline: Any = data.pipeline
    return victim.collate(pseudo_collate)([pipeline(info)])


def run(quick: bool) -> None:
    """Measure and print."""
    repeats = 2 if quick else 6
    for title, name in GRAPHS.items():
        victim, data = victim_of(name)
        dimensions = 2 if 'plane' in title else 3
        ((_, found, pixels),) = victim.batches(loaded(victim, data, sample(dimensions)))
        bound: Any = found
        with torch.no_grad():
            inputs = torch.stack([one.render(pixels[0]) for one in bound.layouts])

        def whole(bound: Any = bound, pixels: Any = pixels) -> None:
            leaf = pixels.clone().requires_grad_()
            torch.autograd.grad(bound(leaf)[:, 0].sum(), leaf)

        def bare(bound: Any = bound, inputs: Any = inputs) -> None:
            leaf = inputs.clone().requires_grad_()
            torch.autograd.grad(bound.part(leaf, range(bound.views)).sum(), leaf)

        ours, network = fastest([whole, bare], repeats)
        print(f'{title}: step {ours:.3f} s, network {network:.3f} s, ratio {ours / network:.2f}')
    victim, data = victim_of(HEATMAPS)
    layout = loaded(victim, data, sample(2)).layouts[0]
    track, stored = layout.stored.track(layout.pixels())
    path, info = layout.path, layout.info
    twin, stock = fastest(
        [
            lambda: path.twin(info, track, stored.dtype),
            lambda: path.packed(info, stored),
        ],
        repeats,
    )
    print(f'PoseC3D: twin {twin:.2f} s, stock {stock:.2f} s, ratio {twin / stock:.2f}')
