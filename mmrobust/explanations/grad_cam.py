"""Grad-CAM (Selvaraju et al. 2017, arXiv:1610.02391), in space and time."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from mmrobust.explanations.base import Explanation
from mmrobust.explanations.layers import Features, features, recorded
from mmrobust.explanations.question import Question
from mmrobust.functional.checks import require
from mmrobust.registry import EXPLANATIONS


@EXPLANATIONS.register_module()
@dataclass(frozen=True)
class GradCAM(Explanation):
    """Features of a late layer, weighted by the mean slope of the score along each channel.

    Official setting: the last convolution, ReLU of the weighted sum, enlarged linearly. Here it is
    the last layer with features on a grid on which the score depends, a transformer's tokens too;
    time is an axis like the others. A victim may show the network several clips and crops of a
    sample: each has a map of its own, and a pixel gets the mean over the places where the network
    was shown it, which the gradient of the network's input in the pixels tells.

    Args:
        layer: Name of a layer, as in ``model.named_modules()``; '' for the last one of backbone
            and neck.
    """

    layer: str = ''

    def __post_init__(self) -> None:
        require(isinstance(self.layer, str), 'layer', 'the name of a layer', self.layer)

    def weighted(self, found: Features) -> Tensor:
        """Features (R, C, t, h, w), each channel weighted by its mean slope."""
        return found.slopes.mean(dim=(2, 3, 4), keepdim=True) * found.values

    def map(self, question: Question, random: torch.Generator) -> Tensor:
        """(S), at least 0."""
        model = question.victim.model
        kind = type(question.victim).__name__
        rule = 'one with a network inside for grad_cam'
        if model is None:
            raise ValueError(f'victim must be {rule}, got a {kind} of a function')
        leaf = question.pixels.clone().requires_grad_()
        with torch.enable_grad(), recorded(model) as calls:
            score = question.score(leaf).sum()
        found = features(model, calls, score, self.layer)
        total, cover = torch.zeros_like(leaf), torch.zeros_like(leaf)
        for one in found:
            small = self.weighted(one).sum(dim=1, keepdim=True).relu()
            total += _brought_back(one.given, enlarged(small, one.given), leaf)
            cover += _brought_back(one.given, torch.ones_like(one.given), leaf)
        if bool((cover < -1e-6 * cover.abs().max()).any()):
            raise ValueError(
                f'model must be one that is shown the pixels themselves for grad_cam, got a '
                f'{type(model).__name__}, which is shown something computed from them'
            )
        covered: Tensor = total.sum(dim=1) / cover.sum(dim=1).clamp(min=1e-12)
        return covered[0]


def enlarged(small: Tensor, given: Tensor) -> Tensor:
    """A map (R, 1, t, h, w) in the size of the network's input, one for all channels."""
    size = tuple(given.shape[2:])
    if given.dim() == 5:
        large = F.interpolate(small, size, mode='trilinear', align_corners=False)
    else:
        large = F.interpolate(small[:, :, 0], size, mode='bilinear', align_corners=False)
    return large.expand_as(given)


def _brought_back(given: Tensor, values: Tensor, leaf: Tensor) -> Tensor:
    """Values at the network's input, added up where the pixels of the sample are."""
    (found,) = torch.autograd.grad(given, leaf, values, retain_graph=True)
    return found.detach()
