"""Bandits with a time prior: two probes a round, and the past is not forgotten.

Ilyas, Engstrom and Madry 2019, arXiv:1807.07978: successive gradients are
alike, so the estimate of the last round is the prior of the next; a round asks
for the slope at the prior plus and minus a little noise, and moves the prior.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from mmrobust.estimators.base import Draw, Estimate, GradientEstimator
from mmrobust.functional.checks import finite, require
from mmrobust.registry import ESTIMATORS

Unit = Literal['frame', 'clip']
RANGE = 255.0


@dataclass(kw_only=True, eq=False)
class Bandits(GradientEstimator):
    """What both forms share.

    Args:
        fd_eta: Length of a probe, grey levels, > 0: l_2 norm per ``unit``.
        exploration: Length of the noise beside the prior, > 0.
        rate: Step of the prior, > 0.
        unit: What has the length ``fd_eta``: each frame, or the clip.
    """

    fd_eta: float
    exploration: float
    rate: float
    unit: Unit

    def __post_init__(self) -> None:
        for name in ('fd_eta', 'exploration', 'rate'):
            value = getattr(self, name)
            require(finite(value) and value > 0, name, 'a finite number > 0', value)
        require(self.unit in ('frame', 'clip'), 'unit', 'frame or clip', self.unit)

    @property
    def probes(self) -> int:
        """Two."""
        return 2

    @abstractmethod
    def bind(self, pixels: Tensor, tile: int = 1) -> BanditEstimate:
        """A prior of zero."""


class BanditEstimate(Estimate):
    """The prior for one video; a subclass moves it."""

    def __init__(self, options: Bandits, pixels: Tensor, size: float) -> None:
        self.options, self.size = options, size
        self.prior = torch.zeros_like(pixels)
        self.noise = self.prior

    def propose(self, draw: Draw) -> Tensor:
        """Along the prior plus noise, and along the prior minus noise."""
        self.noise = draw().to(self.prior) * self.size
        directions = torch.stack([self.prior + self.noise, self.prior - self.noise])
        axes = (1, 3, 4) if self.options.unit == 'frame' else (1, 2, 3, 4)
        length = directions.square().sum(dim=axes, keepdim=True).sqrt()
        return self.options.fd_eta * directions / length.clamp(min=1e-8)

    def learn(self, objectives: Tensor) -> Tensor:
        """The prior, moved along the noise by the slope."""
        # The constants of both releases are for pixels of 0..1.
        eta = self.options.fd_eta / RANGE
        plus, minus = objectives.to(self.prior)
        self.prior = self.moved((plus - minus) / (eta * self.options.exploration))
        return self.prior

    @abstractmethod
    def moved(self, slope: Tensor) -> Tensor:
        """The next prior, for the slope along the noise."""


@ESTIMATORS.register_module()
@dataclass(kw_only=True, eq=False)
class AdditiveBandits(Bandits):
    """The prior is a running sum.

    Source: the released code of Zhang, Zhu, Zhu and Yang 2020 (arXiv:2003.07637).
    Official setting: fd_eta 0.1 of the range per frame, exploration 0.1, rate 0.1.
    The sum is of slope times noise over exploration, as there.

    Args:
        fd_eta: Length of a probe, grey levels, > 0: l_2 norm per ``unit``.
        exploration: Length of the noise beside the prior, > 0.
        rate: Step of the prior, > 0.
        unit: What has the length ``fd_eta``: each ``frame``, or the ``clip``.
    """

    fd_eta: float = 25.5
    exploration: float = 0.1
    rate: float = 0.1
    unit: Unit = 'frame'

    def bind(self, pixels: Tensor, tile: int = 1) -> BanditEstimate:
        """A prior of zero."""
        return _Sum(self, pixels, self.exploration)


class _Sum(BanditEstimate):
    def moved(self, slope: Tensor) -> Tensor:
        return self.prior + self.options.rate * slope * self.noise / self.options.exploration


@ESTIMATORS.register_module()
@dataclass(kw_only=True, eq=False)
class ExponentiatedBandits(Bandits):
    """The prior stays between -1 and 1: exponentiated gradients.

    Source: Ilyas, Engstrom and Madry 2019, arXiv:1807.07978, appendix C, and the
    authors' settings for l_inf: fd_eta 0.1 of the range over the whole input,
    exploration 1, rate 100, noise of unit length, and a prior of 50 x 50 tiles for
    images of 299 x 299 (``tile=6`` of the sampler; 1 there unless a config says so).
    Deviation: the probes' length is set per ``unit``, the clip by default.

    Args:
        fd_eta: Length of a probe, grey levels, > 0: l_2 norm per ``unit``.
        exploration: Length of the noise beside the prior, > 0.
        rate: Step of the prior, > 0.
        unit: What has the length ``fd_eta``: each ``frame``, or the ``clip``.
    """

    fd_eta: float = 25.5
    exploration: float = 1.0
    rate: float = 100.0
    unit: Unit = 'clip'

    def bind(self, pixels: Tensor, tile: int = 1) -> BanditEstimate:
        """A prior of zero; its noise has unit length in the space of the tiles."""
        height, width = (-(-side // tile) for side in pixels.shape[-2:])
        cells = pixels[..., 0, 0].numel() * height * width
        return _Odds(self, pixels, self.exploration / cells**0.5)


class _Odds(BanditEstimate):
    def moved(self, slope: Tensor) -> Tensor:
        # p / (1 - p) times exp(2 step), for p = (prior + 1) / 2: in logits a sum.
        # Kept off the ends, from which no finite step leads back.
        end = 1 - 1e-6
        odds = torch.atanh(self.prior.clamp(-end, end))
        return torch.tanh(odds + self.options.rate * slope * self.noise)
