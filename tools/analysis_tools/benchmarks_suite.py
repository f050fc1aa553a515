"""What every attack costs beside the forwards and backwards that it counts.

Time of the processor of a run over that of as many bare forwards and backwards of the same
batch, for a victim that never falls: the demo's I3D (one view of each of four videos), goal at
most 1.1, and a network of three layers whose forward takes about a millisecond, goal at most 1.3.
Looks of a search at half a batch or less are dearer than the bare ones, so that what is said of
those attacks is an upper bound.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Iterator
from typing import Any

import torch
from rich.console import Console
from torch import Tensor, nn

import mmrobust as mr
from mmrobust.attacks import Attack
from mmrobust.registry import ATTACKS
from mmrobust.threats import L0, L2, Linf, Threat
from mmrobust.visualization.terminal import numbers_table, print_numbers

CONFIG = 'configs/demo/i3d-tiny_16x1x2_synthetic-rgb.py'
CHECKPOINT = 'mmrobust/resources/demo_victim.pth'
# Enough of each to tell, and no more: a run of seconds.
SHORT: dict[str, Any] = {'steps': 30, 'budget': 100, 'neighbours': 3, 'places': 3, 'draws': 2}
# What is made of other attacks has their cost.
# Attacks of skeletons look at no videos.
LEFT_OUT = ('WorstCase', 'EOT', 'SMART', 'BoneLength', 'SwapPart')


class Ahead(nn.Module):
    """A network whose first class is ahead of all others by more than any attack takes back."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: Tensor) -> Tensor:
        """Logits (N, K) for pixels (N, C, T, H, W), 0..255."""
        logits: Tensor = self.network(pixels)
        return logits + 1e4 * torch.eye(logits.shape[1]).to(logits)[0]


def run(quick: bool) -> None:
    """Both victims, all attacks."""
    torch.set_num_threads(1)
    for name, victim, pixels in victims(quick):
        lines = []
        for attack in attacks(pixels):
            ratio, forwards, backwards = best_ratio(victim, pixels, attack, 1 if quick else 3)
            lines.append([attack.usual_name(), f'{ratio:.2f}', str(forwards), str(backwards)])
        lines.sort(key=lambda line: -float(line[1]))
        each = 100 * bare_seconds(victim, pixels, 10, 0)
        Console().print(f'\n{name}, {len(pixels)} clips, {each:.1f} ms a forward\n')
        columns = ('attack', 'run / bare', 'forwards', 'backwards')
        print_numbers(Console(), numbers_table(columns, lines))


def victims(quick: bool) -> Iterator[tuple[str, mr.FunctionVictim, Tensor]]:
    """Name, victim and clips."""
    generator = torch.Generator().manual_seed(0)
    small = nn.Sequential(
        nn.Conv3d(3, 48, 3, stride=(1, 2, 2)), nn.ReLU(), nn.AdaptiveAvgPool3d(2),
        nn.Flatten(), nn.Linear(384, 10),
    )  # fmt: skip
    clips = torch.randint(60, 200, (4, 3, 8, 32, 32), generator=generator).float()
    yield 'a network of three layers', mr.FunctionVictim(Ahead(small).eval()), clips
    if quick:
        return
    recogniser = mr.load_victim(CONFIG, CHECKPOINT, space='view', device='cpu').model
    clips = torch.randint(60, 200, (4, 3, 16, 72, 72), generator=generator).float()
    yield 'the demo I3D', mr.FunctionVictim(Ahead(_Recogniser(recogniser)).eval()), clips


class _Recogniser(nn.Module):
    """A recogniser of MMAction2, from pixels to logits."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: Tensor) -> Tensor:
        from mmaction.structures import ActionDataSample

        samples = [ActionDataSample() for _ in pixels]
        data = {'inputs': list(pixels[:, None]), 'data_samples': samples}
        found = self.model.data_preprocessor(data)
        features = self.model(found['inputs'], mode='tensor')
        logits: Tensor = self.model.cls_head(
            features[0] if isinstance(features, tuple) else features
        )
        return logits


def attacks(pixels: Tensor) -> Iterator[Attack]:
    """Every registered attack, cut short, in the ball that it takes."""
    for name, cls in ATTACKS.everything().items():
        if name in LEFT_OUT:
            continue
        taken = inspect.signature(cls).parameters
        known = {key: value for key, value in SHORT.items() if key in taken}
        options = dict(getattr(cls, 'example', {})) | known
        # All of the values, or of their length, that l_inf 8 allows: nothing is cut short.
        values = pixels[0].numel()
        balls = [Linf(8), L2(8 * values**0.5), L0(values, limit=8.0)]
        kind: Any = cls
        usual: tuple[type[Threat], ...] = (L0,) if kind.counts else (Linf,)
        takes = getattr(kind, 'balls', usual)
        yield kind(threat=next(ball for ball in balls if isinstance(ball, takes)), **options)


def best_ratio(
    victim: mr.FunctionVictim, pixels: Tensor, attack: Attack, repeats: int
) -> tuple[float, int, int]:
    """The smallest of some ratios, and the forwards and backwards of a sample."""
    labels, ratios = torch.zeros(len(pixels), dtype=torch.long), []
    for _ in range(repeats):
        began = time.process_time()
        outcomes = attack(victim, pixels, labels)
        taken = time.process_time() - began
        forwards, backwards = outcomes[0].forwards, outcomes[0].backwards
        # The harness asks three times more, and a search is asked about one sample at a time.
        bare = bare_seconds(victim, pixels, forwards - backwards + 3, backwards)
        ratios.append(taken / bare)
        assert not any(one.success for one in outcomes), attack
    return min(ratios), forwards, backwards


def bare_seconds(victim: mr.FunctionVictim, pixels: Tensor, looks: int, gradients: int) -> float:
    """Time of so many forwards without gradient, and forwards with backward."""
    began = time.process_time()
    for parameter in victim.function.parameters():
        parameter.requires_grad_(False)
    with torch.no_grad():
        for _ in range(looks):
            victim(pixels)
    for _ in range(gradients):
        leaf = pixels.clone().requires_grad_()
        torch.autograd.grad(victim(leaf).sum(), leaf)
    return time.process_time() - began
