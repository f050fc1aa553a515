"""Natural evolution strategies: an average of random directions, weighted by slopes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mmrobust.estimators.base import Draw, Estimate, GradientEstimator
from mmrobust.functional.checks import finite, require, whole
from mmrobust.registry import ESTIMATORS


@ESTIMATORS.register_module()
@dataclass(kw_only=True, eq=False)
class NES(GradientEstimator):
    """Antithetic pairs of Gaussian probes, with momentum.

    Source: Ilyas, Engstrom, Athalye and Lin 2018, arXiv:1804.08598, algorithm 1;
    momentum as in the authors' code. On average, the estimate of a linear
    objective is its gradient.
    Official setting: sigma 0.001 of the range, 50 probes, momentum 0.9.

    Args:
        sigma: Length of a probe per value, grey levels, > 0.
        population: Probes per round, even, >= 2.
        momentum: Weight of the earlier rounds, 0 <= momentum < 1.
    """

    sigma: float = 0.255
    population: int = 50
    momentum: float = 0.9

    def __post_init__(self) -> None:
        require(finite(self.sigma) and self.sigma > 0, 'sigma', 'a finite number > 0', self.sigma)
        even = whole(self.population, 2) and self.population % 2 == 0
        require(even, 'population', 'an even number >= 2', self.population)
        fading = finite(self.momentum) and 0 <= self.momentum < 1
        require(fading, 'momentum', 'in [0, 1)', self.momentum)

    @property
    def probes(self) -> int:
        """The population."""
        return self.population

    def bind(self, pixels: Tensor, tile: int = 1) -> NESEstimate:
        """A fresh average."""
        return NESEstimate(self, pixels)


class NESEstimate(Estimate):
    """The average for one video."""

    def __init__(self, options: NES, pixels: Tensor) -> None:
        self.options = options
        self.average = torch.zeros_like(pixels)
        self.noise = pixels[None][:0]

    def propose(self, draw: Draw) -> Tensor:
        """Sigma u and -sigma u for every u."""
        pairs = self.options.population // 2
        self.noise = torch.stack([draw() for _ in range(pairs)]).to(self.average)
        return self.options.sigma * torch.cat([self.noise, -self.noise])

    def learn(self, objectives: Tensor) -> Tensor:
        """Slopes along u, averaged."""
        plus, minus = objectives.to(self.average).chunk(2)
        slopes = (plus - minus) / (2 * self.options.sigma)
        found = torch.einsum('b,bcthw->cthw', slopes, self.noise) / len(self.noise)
        keep = self.options.momentum
        self.average = keep * self.average + (1 - keep) * found
        return self.average
