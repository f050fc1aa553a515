"""What TV-L1 flow costs: differentiable against OpenCV's, and OpenCV's in two processes.

One thread each, on neighbouring frames of embedded videos. Differentiable
TV-L1: time of the flow, and of flow and gradient, over OpenCV's; endpoint
difference on the same grey image. OpenCV's in processes: time in this process
over that in two, after they have started.
"""

import time
from collections.abc import Callable

import cv2
import numpy as np
import torch
from torch import Tensor

import mmrobust  # noqa: F401  (heals the stack before MMAction2 is imported)
from mmrobust.datasets.synthetic import synthesize
from mmrobust.flow.estimators.differentiable_tvl1 import DifferentiableTVL1


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
        measure_differentiable((96, 128), 1 if quick else 10, 2 if quick else 3)
        if not quick:
            measure_differentiable((256, 340), 1, 3)
        measure_processes((96, 128), 4 if quick else 20, 2 if quick else 3)
    finally:
        torch.set_num_threads(threads[0])
        cv2.setNumThreads(threads[1])
