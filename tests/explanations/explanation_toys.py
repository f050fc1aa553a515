"""Victims whose answers are known to rest on certain pixels."""

import torch
from torch import Tensor, nn

from mmrobust.explanations import Question
from mmrobust.explanations.scores import ClassScore, Score
from mmrobust.victims import FunctionVictim

FRAMES, TOP, LEFT = slice(4, 6), slice(8, 14), slice(10, 16)
SHAPE = (3, 8, 24, 24)


class Output(Score):
    """The first output as it is."""

    name = 'first'

    def raw(self, outputs: Tensor) -> Tensor:
        return outputs[:, 0]


class Linear(nn.Module):
    """One weight for each value."""

    def __init__(self, shape: tuple[int, ...], seed: int = 0) -> None:
        super().__init__()
        random = torch.Generator().manual_seed(seed)
        self.weight = nn.Parameter(torch.randn(shape, generator=random).double())

    def forward(self, pixels: Tensor) -> Tensor:
        return (pixels.double() * self.weight).flatten(1).sum(1, keepdim=True)


class LooksAtBlock(nn.Module):
    """A class that is there if a block of some frames is bright; it sees nothing else."""

    def forward(self, pixels: Tensor) -> Tensor:
        bright = pixels[:, :, FRAMES, TOP, LEFT].mean(dim=(1, 2, 3, 4)) / 40 - 3
        return torch.stack([bright, -bright], dim=1)


class BlockNet(nn.Module):
    """The same as a network: its layer has one feature, the brightness of 2 x 2 pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Conv3d(3, 1, (1, 2, 2), (1, 2, 2), bias=False)
        nn.init.constant_(self.backbone.weight, 1 / 12)
        window = torch.zeros(1, 8, 12, 12)
        window[:, FRAMES, 4:7, 5:8] = 1 / 18
        self.register_buffer('window', window)

    def forward(self, pixels: Tensor) -> Tensor:
        bright = (self.backbone(pixels) * self.window).flatten(1).sum(1) / 40 - 3
        return torch.stack([bright, -bright], dim=1)


def planted() -> Tensor:
    """A dark clip (1, 3, 8, 24, 24), bright in the block."""
    random = torch.Generator().manual_seed(0)
    clip = torch.rand(1, *SHAPE, generator=random) * 60 + 20
    clip[:, :, FRAMES, TOP, LEFT] += 150
    return clip


def block_question(module: nn.Module | None = None) -> Question:
    return Question(FunctionVictim(module or LooksAtBlock()), planted(), ClassScore(0, 'bright'))


def inside(found: Tensor) -> bool:
    """Whether the largest value of a map lies in the block."""
    mask = torch.zeros(SHAPE[1:], dtype=torch.bool)
    mask[FRAMES, TOP, LEFT] = True
    return bool(found[mask].max() >= found.max())
