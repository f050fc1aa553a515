"""Adam's step for tensors that are no parameters, sample by sample.

Shapes: N samples, any layout behind.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

# Kingma and Ba 2015, arXiv:1412.6980: decay of both means, and what keeps a division sound.
FIRST, SECOND, LEAST = 0.9, 0.999, 1e-8


@dataclass
class Adam:
    """Means of gradients and of their squares.

    Attributes:
        mean: (N, ...).
        square: (N, ...).
        count: (N,), steps so far.
    """

    mean: Tensor
    square: Tensor
    count: Tensor

    @classmethod
    def like(cls, x: Tensor) -> 'Adam':
        """Before the first step."""
        zero = torch.zeros_like(x)
        return cls(zero, zero, zero.flatten(1)[:, 0])

    def step(self, gradient: Tensor) -> Tensor:
        """The direction (N, ...) of descent, about -1..1, which a learning rate multiplies."""
        self.mean = FIRST * self.mean + (1 - FIRST) * gradient
        self.square = SECOND * self.square + (1 - SECOND) * gradient.square()
        self.count = self.count + 1
        count = self.count.reshape(-1, *[1] * (gradient.dim() - 1))
        mean, square = self.mean / (1 - FIRST**count), self.square / (1 - SECOND**count)
        return -mean / (square.sqrt() + LEAST)
