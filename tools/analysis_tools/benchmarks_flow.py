"""What flow costs: sampling by it, TV-L1 differentiable and OpenCV's, OpenCV's in processes.

One thread each. ``resample``: its time over that of ``grid_sample``, grid and all, on noise.
The others on neighbouring frames of embedded videos. Differentiable
TV-L1: time of the flow, and of flow and gradient, over OpenCV's; endpoint
difference on the same grey image. OpenCV's in processes: time in this process
over that in two, after they have started.
"""

import time
from collections.abc import Callable

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

import mmrobust  # noqa: F401  (heals the stack before MMAction2 is imported)
from mmrobust.datasets.synthetic import synthesize
from mmrobust.flow.estimators.differentiable_tvl1 import DifferentiableTVL1
from mmrobust.functional.resample import resample


def clip(frames: int, size: tuple[int, int]) -> Tensor:
    """Grey frames (1, T, 3, H, W) of an embedded video: equal channels, whole levels."""
    video = np.asarray(synthesize(0, seed=0, split='test').frames)[:frames]
    wide = [cv2.resize(frame, size[::-1], interpolation=cv2.INTER_CUBIC) for frame in video]
    grey = np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in wide])
    # One that rounding and the weights of the channels leave as it is for both.
    return torch.from_numpy(grey).float()[None, :, None].expand(-1, -1, 3, -1, -1)


def fastest(jobs: list[Callable[[], object]], repeats: int) -> list[float]:
    """Seconds of each job, taken in turns; other load only ever adds time."""
    seconds: list[list[float]] = [[] for _ in jobs]
    for _ in range(repeats):
        for job, taken in zip(jobs, seconds, strict=True):
            began = time.perf_counter()
            job()
            taken.append(time.perf_counter() - began)
    return [min(taken) for taken in seconds]


def grid_sampled(image: Tensor, flow: Tensor) -> Tensor:
    """What ``resample`` computes, by torch alone; whole pixels are not exact."""
    height, width = image.shape[2:]
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing='ij')
    places = (torch.stack([columns, rows]) + flow).permute(0, 2, 3, 1)
    grid = 2 * places / flow.new_tensor([width - 1, height - 1]) - 1
    return F.grid_sample(image, grid, padding_mode='border', align_corners=True)


def measure_resample(shape: tuple[int, int, int, int], repeats: int) -> None:
    """Time of sampling where flow points, and of its gradient, over that of grid_sample."""
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(shape, generator=generator) * 255
    flow = torch.randn(shape[0], 2, *shape[2:], generator=generator) * 3

    def value(sample: Callable[[Tensor, Tensor], Tensor]) -> Callable[[], object]:
        return lambda: sample(image, flow)

    def gradient(sample: Callable[[Tensor, Tensor], Tensor]) -> Callable[[], object]:
        leaves = image.clone().requires_grad_(), flow.clone().requires_grad_()
        return lambda: torch.autograd.grad(sample(*leaves).sum(), leaves)

    samples = (resample, grid_sampled)
    ours, theirs, both, their_both = fastest(
        [f(s) for f in (value, gradient) for s in samples], repeats
    )
    truth = resample(image.double(), flow.double())
    errors = [float((sample(image, flow) - truth).abs().max()) for sample in samples]
    print(
        f'resample, {tuple(shape)}, fastest of {repeats}: {ours / theirs:.2f} times grid_sample, '
        f'with gradients {both / their_both:.2f} times; largest error on 0..255: {errors[0]:.4f}, '
        f'of grid_sample {errors[1]:.4f}',
        flush=True,
    )


def measure_differentiable(size: tuple[int, int], pairs: int, repeats: int) -> None:
    """Time and difference of the differentiable estimator."""
    from mmrobust.flow.estimators.tvl1 import TVL1

    frames, ours, opencv = clip(pairs + 1, size), DifferentiableTVL1(), TVL1()

    def flow() -> Tensor:
        with torch.no_grad():
            return ours(frames)

    def gradient() -> None:
        leaf = frames.clone().requires_grad_()
        torch.autograd.grad(ours(leaf).square().sum(), leaf)

    expected, found = opencv(frames), flow()
    difference = (found - expected).norm(dim=2).flatten()
    seconds, forward, both = fastest([lambda: opencv(frames), flow, gradient], repeats)
    print(
        f'TV-L1, {pairs} pair(s) of {size[0]} x {size[1]}, fastest of {repeats}: OpenCV '
        f'{seconds / pairs:.2f} s per pair; differentiable: flow {forward / seconds:.2f} times, '
        f'flow and gradient {both / seconds:.2f} times that'
    )
    print(
        f'  endpoint difference from OpenCV: mean {difference.mean():.4f} px, 95th percentile '
        f'{difference.quantile(0.95):.4f} px; mean flow {expected.norm(dim=2).mean():.2f} px',
        flush=True,
    )


def measure_processes(size: tuple[int, int], pairs: int, repeats: int) -> None:
    """OpenCV's TV-L1 in two processes against one."""
    from mmrobust.flow.estimators.tvl1 import TVL1

    frames, alone, two = clip(pairs + 1, size), TVL1(), TVL1(workers=2)
    same = torch.equal(alone(frames), two(frames))
    one, spread = fastest([lambda: alone(frames), lambda: two(frames)], repeats)
    two.close()
    print(
        f'OpenCV TV-L1, {pairs} pair(s) of {size[0]} x {size[1]}, fastest of {repeats}: '
        f'{one / pairs:.2f} s per pair, in two processes {one / spread:.2f} times faster; '
        f'flow {"equal" if same else "NOT equal"}',
        flush=True,
    )


def run(quick: bool) -> None:
    """All measurements, on one thread."""
    threads = torch.get_num_threads(), cv2.getNumThreads()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    try:
        measure_resample((1, 3, 256, 256), 30 if quick else 60)
        if not quick:
            measure_resample((4, 3, 256, 384), 40)
            measure_resample((15, 3, 224, 224), 20)
        measure_differentiable((96, 128), 1 if quick else 10, 2 if quick else 3)
        if not quick:
            measure_differentiable((256, 340), 1, 3)
        measure_processes((96, 128), 4 if quick else 20, 2 if quick else 3)
    finally:
        torch.set_num_threads(threads[0])
        cv2.setNumThreads(threads[1])
