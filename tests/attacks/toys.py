"""Victims small enough to know all about, clips that fit them, attacks to try.

Shapes: N clips, C = 3, T = 5, H = 7, W = 9, K = 4 classes unless said otherwise.
"""

import functools
import inspect
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import mmrobust.attacks  # noqa: F401  (registers every attack)
from mmrobust.attacks import Attack
from mmrobust.attacks.minimal_norm import MinimalNorm, with_ball
from mmrobust.registry import ATTACKS
from mmrobust.threats import L0, L1, L2, FrameMask, Linf, PixelMask, Threat
from mmrobust.threats.masks import ball_of
from mmrobust.victims import BoundVictim, FunctionVictim
from mmrobust.victims.bound import Clip

CLIP = (3, 5, 7, 9)
K = 4


def attack_classes() -> list[type[Attack]]:
    """Every registered attack; a new file in mmrobust/attacks is among them."""
    return list(ATTACKS.everything().values())


def strong_classes() -> list[type[Attack]]:
    """Those that must beat noise: all but the controls, and what moves no pixel on its own."""
    return [cls for cls in attack_classes() if not cls.control and cls.__name__ not in NARROW]


def sees_labels_alone(cls: type[Attack]) -> bool:
    """Whether it is told the predicted class and nothing else: the rest has to be met by chance."""
    return getattr(cls, 'access', None) == 'label'


# A mask or a loss of their own keeps some attacks from a ball's optimum: here it lets all
# pass that matters, and has tests of its own.
UNMASKED: dict[str, dict[str, Any]] = {'KLimiting': {'alpha': 0.0}, 'SMART': {'class_weight': 0.9}}

# One number moves a whole clip: what they find is in tests/attacks/test_skeleton_attacks.py.
NARROW = {'BoneLength'}


# They go after differences of logits whatever the goal's loss is.
OWN_LOSS = {'APGDT'}


def takes(cls: type[Attack], threat: Threat) -> bool:
    """Whether the attack minimises the threat's norm; all others take any of lengths."""
    if issubclass(cls, MinimalNorm):
        return isinstance(ball_of(threat), cls.balls)
    return cls.counts or not threat.counts


def suited(cls: type[Attack], threat: Threat) -> Threat:
    """The threat, or the smallest ball round an l_inf one of a norm that the attack takes."""
    if takes(cls, threat):
        return threat
    if not cls.counts:
        return with_ball(threat, L2(threat.eps * math.sqrt(math.prod(CLIP))))
    if not threat.eps:
        return with_ball(threat, L0(0))
    limit = None if isinstance(ball_of(threat), L2) else threat.eps
    every = with_ball(threat, L0(math.prod(CLIP), 'value', limit))
    dark = torch.zeros(1, *CLIP)
    return every.resized(float(every.distance(every.project(dark + 255, dark), dark)))


def build(cls: type[Attack], threat: Threat, **options: Any) -> Attack:
    """The attack with those of the ``options`` that it has.

    An attack whose constructor requires more than threat and goal carries a
    class attribute ``example``, a dict with values for the required options. One that refuses l_inf
    gets the l_2 ball round it.
    """
    threat = suited(cls, threat)
    known = inspect.signature(cls).parameters
    given = {name: value for name, value in options.items() if name in known}
    unmasked = UNMASKED.get(cls.__name__, {})
    return cls(threat=threat, **getattr(cls, 'example', {}) | unmasked | given)


def build_thorough(cls: type[Attack], threat: Threat, **options: Any) -> Attack:
    """Like ``build``, with what the attack names in ``thorough``: strong, and slower."""
    return build(cls, threat, **getattr(cls, 'thorough', {}) | options)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def clips(n: int, seed: int = 0, low: int = 40, high: int = 216) -> Tensor:
    """Whole grey levels (N, C, T, H, W), float64, away from 0 and 255 unless asked."""
    return torch.randint(low, high, (n, *CLIP), generator=generator(seed)).double()


def random_weights(classes: int = K, seed: int = 0) -> Tensor:
    """(K, C, T, H, W), scaled for clean scores of a few units."""
    return torch.randn(classes, *CLIP, generator=generator(seed), dtype=torch.float64) / 1000


class Linear(nn.Module):
    """Scores ``weights . pixels + bias``, summed clip by clip: a batch changes no bit."""

    def __init__(self, weights: Tensor, bias: Tensor | float = 0.0) -> None:
        super().__init__()
        self.weights = nn.Parameter(weights)
        self.bias = nn.Parameter(torch.zeros(len(weights)).to(weights) + bias)

    def forward(self, pixels: Tensor) -> Tensor:
        return (pixels[:, None] * self.weights).flatten(2).sum(dim=2) + self.bias


def waves(pixels: Tensor, weights: Tensor) -> Tensor:
    """Scores (N, K) of sines of the pixels: the gradient turns on the way."""
    return (40 * torch.sin(pixels[:, None] / 30 + 300 * weights) * weights).flatten(2).sum(dim=2)


class Wavy(Linear):
    """Like Linear, of waves."""

    def forward(self, pixels: Tensor) -> Tensor:
        return waves(pixels, self.weights) + self.bias


class PerClip(BoundVictim):
    """A victim bound to its clips: each has weights (K, C, T, H, W) of its own."""

    def __init__(self, weights: Tensor) -> None:
        self.weights = weights

    @classmethod
    def of(cls, n: int) -> 'PerClip':
        return cls(torch.stack([random_weights(seed=100 + i) for i in range(n)]))

    def __call__(self, pixels: Tensor) -> Tensor:
        assert len(pixels) == len(self.weights), 'the wrong clips'
        return waves(pixels, self.weights)

    def select(self, rows: Tensor) -> 'PerClip':
        return PerClip(self.weights[rows])


# Frames 0 to 1 and 2 to 4.
CUTS = (slice(0, 2), slice(2, 5))


class TwoClips(FunctionVictim):
    """A video of two clips, whose scores are averaged."""

    def __init__(self, function: nn.Module, cuts: tuple[slice, ...] = CUTS) -> None:
        super().__init__(function)
        self.cuts = cuts

    def scores(self, pixels: Tensor, index: int) -> Tensor:
        seen = torch.zeros(pixels.shape[2], 1, 1).to(pixels)
        seen[self.cuts[index]] = 1
        return self.function(pixels * seen)

    def __call__(self, pixels: Tensor) -> Tensor:
        return (self.scores(pixels, 0) + self.scores(pixels, 1)) / 2

    def clips(self) -> list[Clip]:
        parts = []
        for index, cut in enumerate(self.cuts):
            frames = torch.zeros(1, CLIP[1], dtype=torch.bool)
            frames[:, cut] = True
            scores = functools.partial(self.scores, index=index)
            parts.append(Clip(FunctionVictim(scores), frames.expand(64, -1)))
        return parts


class ConvNet(nn.Sequential):
    """3-D convolutions with batch norm and dropout, as the real ones have."""

    def __init__(self, seed: int = 0) -> None:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            super().__init__(
                nn.Conv3d(3, 6, 3, padding=1),
                nn.BatchNorm3d(6),
                nn.Tanh(),
                nn.Dropout3d(0.5),
                nn.Conv3d(6, 8, 3, stride=2),
                nn.ReLU(),
                nn.Flatten(),
                nn.Linear(8 * 2 * 3 * 4, K),
            )
        self[1].running_mean += 0.1
        self[1].running_var += 0.2

    def forward(self, pixels: Tensor) -> Tensor:
        return super().forward((pixels - 128) / 58)


class Counting(BoundVictim):
    """Counts clips forward and backward on its own, not trusting the meter."""

    def __init__(self, victim: BoundVictim, count: dict[str, int] | None = None) -> None:
        self.victim = victim
        self.count = {'forwards': 0, 'backwards': 0} if count is None else count

    def __call__(self, pixels: Tensor) -> Tensor:
        self.count['forwards'] += len(pixels)
        return self.victim(_CountBackward.apply(pixels, self.count))

    def select(self, rows: Tensor) -> 'Counting':
        return Counting(self.victim.select(rows), self.count)


class _CountBackward(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, pixels: Tensor, count: dict[str, int]) -> Tensor:
        ctx.count = count
        return pixels.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        # A sample that the loss left out of its batch took no gradient.
        ctx.count['backwards'] += int(gradient.flatten(1).any(dim=1).sum())
        return gradient, None


class Recording(FunctionVictim):
    """Keeps every batch of pixels that it is shown."""

    def __init__(self, function: nn.Module) -> None:
        super().__init__(function)
        self.seen: list[Tensor] = []

    def __call__(self, pixels: Tensor) -> Tensor:
        self.seen.append(pixels.detach().clone())
        return super().__call__(pixels)


def predicted(victim: BoundVictim, pixels: Tensor) -> Tensor:
    """Labels under which every clip is classified correctly."""
    model = victim.model
    if model is not None:
        model.eval()
    with torch.no_grad():
        return victim(pixels).argmax(dim=1)


@dataclass(frozen=True)
class Case:
    """A threat, and what it allows in plain numpy terms."""

    threat: Threat
    order: float
    eps: float
    allowed: np.ndarray

    def check(self, delta: Tensor) -> None:
        """The change (C, T, H, W) is inside the budget, exactly."""
        change = delta.double().numpy()
        assert not change[~self.allowed].any()
        # Of order 0 numpy counts.
        assert np.linalg.norm(change.ravel(), ord=self.order) <= self.eps * (1 + 1e-9)


INF, ALL = np.inf, slice(None)


def _allowed(frames: Any = ALL, rows: slice = ALL, columns: slice = ALL) -> np.ndarray:
    allowed = np.zeros(CLIP, dtype=bool)
    allowed[:, frames, rows, columns] = True
    return allowed


CASES = {
    'linf': Case(Linf(8), INF, 8, _allowed()),
    'linf fraction': Case(Linf(6.375), INF, 6.375, _allowed()),
    'linf below a level': Case(Linf(0.5), INF, 0.5, _allowed()),
    'l1': Case(L1(700.5), 1, 700.5, _allowed()),
    'l2': Case(L2(100), 2, 100, _allowed()),
    'l2 fraction': Case(L2(6.375), 2, 6.375, _allowed()),
    'frames': Case(FrameMask(Linf(8), frames=[1, 4]), INF, 8, _allowed([1, 4])),
    'box': Case(
        PixelMask(L2(60), box=(1, 2, 5, 8)), 2, 60, _allowed(ALL, slice(1, 5), slice(2, 8))
    ),
    'box in frames': Case(
        FrameMask(PixelMask(L2(40), box=(0, 3, 7, 4)), frames=(0, 2)),
        2,
        40,
        _allowed([0, 2], ALL, slice(3, 4)),
    ),
    'frames in box': Case(
        PixelMask(FrameMask(Linf(6.375), frames=[3]), box=(2, 0, 3, 9)),
        INF,
        6.375,
        _allowed([3], slice(2, 3)),
    ),
}
