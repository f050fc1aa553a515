"""What the attack loop and the chunked gradient cost.

``step``: a PGD step over the bare forward and backward of the same batch, goal
at most 1.05. ``memory``: peak memory of the view-chunked gradient of MMAction2's
own I3D-R50 (random weights) at 30 views x 32 x 256 x 256, goal at most 6 GB, and
its difference from the full gradient at a size where that fits, goal at most
1e-5 in double precision.
"""

import resource
import statistics
import subprocess
import sys
import time
from typing import Any

import torch
from torch import Tensor

import mmrobust  # noqa: F401  (heals the stack before MMAction2 is imported)
from mmrobust.attacks.pgd import PGD
from mmrobust.functional.randomness import SampleRandom
from mmrobust.goals import Misclassify
from mmrobust.victims import frozen
from mmrobust.victims.action.bound import BoundClips
from mmrobust.victims.action.layouts import VideoLayout
from mmrobust.victims.action.victim import ActionVictim
from mmrobust.victims.counting import Counters, CountingVictim

I3D = 'mmaction::recognition/i3d/i3d_imagenet-pretrained-r50_8xb8-32x2x1-100e_kinetics400-rgb.py'


def i3d() -> Any:
    """I3D-R50 of MMAction2's own config, random weights."""
    from mmengine.config import Config
    from mmengine.registry import init_default_scope

    init_default_scope('mmaction')
    import mmaction.models  # noqa: F401
    from mmaction.registry import MODELS

    torch.manual_seed(0)
    cfg = Config.fromfile(_installed(I3D)).model
    cfg.backbone.pretrained = None
    return MODELS.build(cfg).eval()


def _installed(name: str) -> str:
    from pathlib import Path

    import mmaction

    return str(Path(mmaction.__file__).parent / '.mim' / 'configs' / name.split('::')[1])


def clip_layout(views: int, frames: int, side: int, seed: int = 0) -> VideoLayout:
    """``views`` overlapping crops of one video: a third left, a third middle, the rest right."""
    generator = torch.Generator().manual_seed(seed)
    width = side * 4 // 3
    clips = -(-views // 3)
    total = frames + (clips - 1) * (frames // 2)
    size = (3, total, side, width)
    canvas = torch.randint(0, 256, size, generator=generator, dtype=torch.uint8)
    rows = []
    for view in range(views):
        left = (view % 3) * (width - side) // 2
        start = (view // 3) * (frames // 2)
        rows += [(start + t, 0, left, 0) for t in range(frames)]
    return VideoLayout(
        canvas=canvas,
        frame_indices=torch.arange(total),
        windows=torch.tensor(rows),
        size=(side, side),
        order=torch.arange(len(rows)).reshape(views, frames),
        total_frames=total,
    )


def bound(model: Any, layout: VideoLayout, memory_limit: float) -> tuple[BoundClips, Tensor]:
    """The model bound to one clip, and its pixels (1, C, T, H, W)."""
    victim = ActionVictim(model, memory_limit=memory_limit)
    return BoundClips(victim, [], [layout]), layout.pixels()[None].float()


def gradient(clips: BoundClips, pixels: Tensor) -> Tensor:
    """One gradient of the cross-entropy of class 0."""
    leaf = pixels.detach().requires_grad_()
    goal = Misclassify().bind(torch.zeros(len(pixels), dtype=torch.long), torch.zeros(1, 400))
    (found,) = torch.autograd.grad(goal.objective(clips(leaf)).sum(), leaf)
    return found


def measure_step(quick: bool) -> None:
    """Time of PGD's steps over as many bare gradients."""
    side, steps, repeats = (112, 2, 3) if quick else (160, 2, 15)
    model = i3d()
    clips, pixels = bound(model, clip_layout(1, 16, side), memory_limit=64)
    attack = PGD(steps=steps, early_stop=False)
    labels = torch.zeros(1, dtype=torch.long)
    goal = Misclassify().bind(labels, torch.zeros(1, 400))
    bare, attacked = Clock(), Clock()
    with frozen(model):
        gradient(clips, pixels)
        for _ in range(repeats):
            with bare:
                for _ in range(steps):
                    gradient(clips, pixels)
            rng = SampleRandom.from_seeds([0])
            metered = CountingVictim(clips, Counters(1), torch.zeros(1, dtype=torch.long))
            with attacked:
                attack.run(metered, pixels, goal, rng)
    for name in ('wall', 'cpu'):
        # Other load only ever adds time, so that the fastest repeats compare best.
        pairs = list(zip(getattr(attacked, name), getattr(bare, name), strict=True))
        best = min(a for a, _ in pairs) / min(b for _, b in pairs)
        ratios = [a / b for a, b in pairs]
        print(
            f'PGD step / bare forward+backward, {name} time: {best:.3f} (fastest of {repeats}; '
            f'medians {statistics.median(ratios):.3f}, range {min(ratios):.3f}..{max(ratios):.3f}; '
            'goal <= 1.05)'
        )


class Clock:
    """Seconds of every block: on the wall, and of the processor, which others do not take."""

    def __init__(self) -> None:
        self.wall: list[float] = []
        self.cpu: list[float] = []

    def __enter__(self) -> None:
        self._began = time.perf_counter(), time.process_time()

    def __exit__(self, *error: object) -> None:
        wall, cpu = self._began
        self.wall.append(time.perf_counter() - wall)
        self.cpu.append(time.process_time() - cpu)


def peak_gib() -> float:
    """Peak resident memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def child(views: int, frames: int, side: int, memory_limit: float) -> None:
    """One gradient in a fresh process; prints its peak memory and time."""
    model = i3d()
    clips, pixels = bound(model, clip_layout(views, frames, side), memory_limit)
    before = peak_gib()
    began = time.perf_counter()
    with frozen(model):
        found = gradient(clips, pixels)
        chunk = clips.owner.views_at_once(clips, pixels)
    print(
        f'{views} views x {frames} x {side} x {side}, memory_limit {memory_limit:g} GiB, '
        f'{chunk} at a time: peak {peak_gib():.2f} GiB ({before:.2f} before), '
        f'{time.perf_counter() - began:.0f} s, gradient norm {float(found.norm()):.3e}'
    )


def measure_equality(quick: bool) -> None:
    """Chunked against full gradient, in double and in single precision.

    In single precision ReLUs of a deep net switch with the last bits of their
    input, so that even two full gradients differ: the full one in single
    against double precision is printed beside, as the error that is there
    anyway.
    """
    views, frames, side = (3, 8, 64) if quick else (6, 16, 112)
    model = i3d()
    layout = clip_layout(views, frames, side)
    found: dict[torch.dtype, list[Tensor]] = {}
    for dtype in (torch.float64, torch.float32):
        model.to(dtype)
        with frozen(model):
            for limit in (64.0, 1e-9):
                clips, pixels = bound(model, layout, limit)
                found.setdefault(dtype, []).append(gradient(clips, pixels.to(dtype)).double())
    (full, chunked), (full32, chunked32) = found[torch.float64], found[torch.float32]
    print(f'chunked against full gradient, {views} views x {frames} x {side} x {side}, relative:')
    print(f'  double precision: {_difference(chunked, full):.1e} (goal <= 1e-5)')
    print(
        f'  single precision: {_difference(chunked32, full32):.1e}; the full gradient in single '
        f'against double: {_difference(full32, full):.1e}, the chunked one: '
        f'{_difference(chunked32, full):.1e}'
    )


def _difference(other: Tensor, reference: Tensor) -> float:
    return float((other - reference).norm() / reference.norm())


def run(quick: bool) -> None:
    """All three measurements."""
    measure_step(quick)
    measure_equality(quick)
    size = (6, 16, 112, 1.0) if quick else (30, 32, 256, 3.0)
    print('goal for 30 views x 32 x 256 x 256: peak <= 6 GB', flush=True)
    subprocess.run([sys.executable, __file__, *map(str, size)], check=True)


if __name__ == '__main__':
    views, frames, side = map(int, sys.argv[1:4])
    child(views, frames, side, float(sys.argv[4]))
