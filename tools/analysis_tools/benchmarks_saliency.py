"""What a candidate frame costs when only the flow it touches is computed again.

A stack of 11 frames on FlowNet2 (random weights; --quick: a narrow FlowNet2S)
and a ResNet-18: a changed frame's check against full recomputation, goal at
least 4 times faster and outputs equal to 1e-5; one step of the refreshed
attack (forward and backward) likewise; forwards and backwards per clip against
the algorithms' formulas.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

import mmrobust  # noqa: F401  (heals the stack before MMAction2 is imported)
from mmrobust.attacks.frame_saliency import FrameSaliency
from mmrobust.attacks.iterative_saliency import IterativeSaliency
from mmrobust.attacks.iterative_saliency_rg import IterativeSaliencyRG
from mmrobust.attacks.one_shot import OneShot
from mmrobust.threats import Linf
from mmrobust.victims.action.bound import BoundClips
from mmrobust.victims.action.layouts import ViewLayout
from mmrobust.victims.action.victim import ActionVictim

FRAMES = 11


def recognizer(estimator: dict[str, Any]) -> Any:
    """A flow TSN with a ResNet-18, random weights."""
    from mmengine.registry import init_default_scope

    init_default_scope('mmaction')
    import mmaction.models  # noqa: F401
    from mmaction.registry import MODELS

    torch.manual_seed(0)
    backbone = dict(type='ResNet', depth=18, in_channels=2 * (FRAMES - 1), pretrained=None)
    head = dict(type='TSNHead', num_classes=10, in_channels=512, average_clips='prob')
    return MODELS.build(
        dict(
            type='mmrobust.FlowRecognizer2D',
            flow_estimator=estimator,
            backbone=backbone,
            cls_head=head,
            data_preprocessor=dict(type='ActionDataPreprocessor', format_shape='NCTHW'),
        )
    ).eval()


def stack(side: int, count: int = 1) -> tuple[Tensor, list[ViewLayout]]:
    """Pixels (N, 3, T, H, W) of a drifting texture, and their layouts."""
    generator = torch.Generator().manual_seed(0)
    wide = torch.rand(count, 3, 1, side // 4 + 8, side // 4 + 8, generator=generator)
    wide = torch.nn.functional.interpolate(wide.flatten(0, 1), scale_factor=4, mode='bicubic')
    frames = [wide[..., t : t + side, 2 * t : 2 * t + side] for t in range(FRAMES)]
    pixels = torch.stack(frames, dim=2).reshape(count, 3, FRAMES, side, side)
    whole = (255 * pixels).clamp(0, 255).round()
    return whole, [ViewLayout(x[None].to(torch.uint8)) for x in whole]


def bound(model: Any, layouts: list[ViewLayout]) -> BoundClips:
    """The recogniser bound to the stacks."""
    return BoundClips(ActionVictim(model, space='view', memory_limit=64.0), [], layouts)


def check(clips: BoundClips, pixels: Tensor) -> Tensor:
    """Outputs of a candidate."""
    with torch.no_grad():
        return clips(pixels)


def step(clips: BoundClips, pixels: Tensor) -> Tensor:
    """A candidate's outputs and gradient, as the refreshed attack needs them."""
    leaf = pixels.clone().requires_grad_()
    outputs = clips(leaf)
    (gradient,) = torch.autograd.grad(outputs.logsumexp(1).sum() - outputs[:, 0].sum(), leaf)
    return gradient


def compare(
    work: Callable[[BoundClips, Tensor], Tensor], clips: BoundClips, pixels: Tensor, n: int
) -> str:
    """Time of ``work`` for n candidates, in full and incrementally, taken in turns."""
    full, reused, worst = [], [], 0.0
    with clips.incremental() as entered:
        memo: Any = entered
        work(clips, pixels)
        estimator = clips.owner.scorer.model.flow_estimator
        for i in range(n):
            candidate = pixels.clone()
            candidate[:, :, 1 + i % (FRAMES - 2)] += 1 + i
            estimator._memo = None
            began = time.perf_counter()
            expected = work(clips, candidate)
            full.append(time.perf_counter() - began)
            estimator._memo = memo
            before = memo.computed
            began = time.perf_counter()
            found = work(clips, candidate)
            reused.append(time.perf_counter() - began)
            assert memo.computed - before == 2 * len(pixels)
            size = float(expected.norm())
            assert size > 0, 'nothing to compare'
            worst = max(worst, float((found - expected).norm()) / size)
            work(clips, pixels)
    ratio = statistics.median(a / b for a, b in zip(full, reused, strict=True))
    return (
        f'{ratio:.2f} times faster (median of {n}; full {statistics.median(full):.2f} s, '
        f'incremental {statistics.median(reused):.2f} s), relative difference {worst:.1e}'
    )


def exact() -> str:
    """The gradient's difference where rounding does not decide which ReLU is open."""
    pixels, layouts = stack(64)
    model = recognizer(dict(type='FlowNet2S', width=0.25)).double()
    model.data_preprocessor.to_float32 = False
    clips = bound(model, layouts)
    return compare(step, clips, pixels.double(), 2) + '; goal <= 1e-5'


def formulas(clips: BoundClips, pixels: Tensor) -> None:
    """Forwards and backwards per clip, and what the algorithms say."""
    labels = check(clips, pixels).argmax(dim=1)
    rules: list[tuple[type[OneShot | FrameSaliency], Callable[[int], tuple[int, int]]]] = [
        (OneShot, lambda tried: (1, 1)),
        (IterativeSaliency, lambda tried: (1 + tried, 1)),
        (IterativeSaliencyRG, lambda tried: (1 + tried, tried)),
    ]
    for kind, rule in rules:
        for eps in (1, 16):
            outcomes = kind(Linf(eps))(clips, pixels, labels)
            costs = [(o.forwards, o.backwards) for o in outcomes]
            expected = [rule(o.frames) for o in outcomes]
            frames = [o.frames for o in outcomes]
            word = 'as the formula' if costs == expected else f'expected {expected}'
            print(f'  {kind.__name__}, eps {eps}: frames {frames}, (f, b) {costs}: {word}')


def run(quick: bool) -> None:
    """Print the ratios."""
    estimator = dict(type='FlowNet2S', width=0.25) if quick else dict(type='FlowNet2')
    side, repeats = (64, 3) if quick else (224, 3)
    clips_of = recognizer(estimator)
    pixels, layouts = stack(side)
    clips = bound(clips_of, layouts)
    print(f'{estimator["type"]}, {FRAMES} frames of {side} x {side}, one changed:')
    print(f'  check: {compare(check, clips, pixels, repeats)}; goal >= 4, <= 1e-5')
    print(f'  forward and backward: {compare(step, clips, pixels, repeats)}')
    print(f'  the same in double precision, FlowNet2S at a quarter width, 64 x 64: {exact()}')
    small = recognizer(dict(type='FlowNet2S', width=0.25))
    pixels, layouts = stack(64, 4)
    print('forwards and backwards per clip (FlowNet2S at a quarter width):')
    formulas(bound(small, layouts), pixels)
