"""What a recogniser on estimated poses costs beyond the two networks inside of it.

A video of 32 frames, the demo's estimator, a tiny ST-GCN++ of random weights, one thread.
Step: forward and backward of the chain over those of the estimator's network on the same crops and
of the recogniser on the same input. Memo: a video of which one frame changed, in full over
incrementally.
"""

from typing import Any

import torch
from benchmarks_flow import fastest
from mmengine.config import Config
from mmengine.registry import DATASETS, MODELS, init_default_scope
from torch import Tensor

import mmrobust  # noqa: F401  (heals the stack before MMAction2 is imported)

CONFIG = 'configs/demo/chain/stgcnpp_tiny-heatmap_synthetic-rgb.py'


def loaded() -> tuple[Any, Tensor, Any]:
    """The chain, a video's input (1, 1, 3, T, H, W) and its data sample."""
    cfg = Config.fromfile(CONFIG)
    init_default_scope('mmaction')
    torch.manual_seed(0)
    model = MODELS.build(cfg.model).eval().requires_grad_(False)
    dataset = DATASETS.build({**cfg.test_dataloader.dataset, 'num_videos': 1})
    return model, dataset[0]['inputs'][None].float(), dataset[0]['data_samples']


def gradient(outputs: Tensor, leaf: Tensor) -> None:
    """Backward."""
    torch.autograd.grad(outputs.sin().sum(), leaf)


def measure(repeats: int) -> None:
    """Print both ratios."""
    model, inputs, sample = loaded()
    frames, boxes = inputs[0, 0].transpose(0, 1), torch.from_numpy(sample.metainfo['boxes'])
    estimator, shown = model.pose_estimator, model.skeleton(frames, sample)
    width, height = estimator.adapter.input_size
    crops = torch.rand(len(frames), 3, height, width) * 255

    def chain() -> None:
        leaf = inputs.clone().requires_grad_()
        gradient(model(leaf, [sample], stage='head'), leaf)

    def network() -> None:
        leaf = crops.clone().requires_grad_()
        gradient(estimator._response(leaf), leaf)

    def recogniser() -> None:
        leaf = shown[None].clone().requires_grad_()
        gradient(model.extract_feat(leaf, stage='head')[0], leaf)

    whole, first, second = fastest([chain, network, recogniser], repeats)
    print(
        f'chain, {len(frames)} frames, fastest of {repeats}: a step takes '
        f'{whole / (first + second):.2f} times its two networks ({whole:.2f} s; estimator '
        f'{first:.2f} s, recogniser {second:.2f} s)'
    )
    changed = frames.clone()
    with torch.no_grad(), estimator.incremental() as memo:

        def again() -> None:
            changed[3] += 1
            estimator(changed, boxes)

        again()
        (reused,) = fastest([again], repeats)
        estimator._memo = None
        (full,) = fastest([again], repeats)
        estimator._memo = memo
    print(f'  a changed frame: {full / reused:.1f} times faster than all frames', flush=True)


def run(quick: bool) -> None:
    """Both measurements, on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        measure(2 if quick else 5)
    finally:
        torch.set_num_threads(threads)
