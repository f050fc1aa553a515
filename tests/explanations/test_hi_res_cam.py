"""HiResCAM by a victim in which the mean slope of a channel is zero."""

import torch
from explanation_toys import Output
from torch import nn

from mmrobust.explanations import Question
from mmrobust.explanations.grad_cam import GradCAM
from mmrobust.explanations.hi_res_cam import HiResCAM
from mmrobust.victims import FunctionVictim


class LeftMinusRight(nn.Module):
    """One feature, that counts for the score at the left and against it at the right."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.AvgPool2d(4)

    def forward(self, pixels):
        features = self.backbone(pixels).mean(dim=1)
        return (features[..., :2].sum(dim=(1, 2)) - features[..., 2:].sum(dim=(1, 2)))[:, None]


def test_it_finds_the_side_that_speaks_for_the_score():
    asked = Question(FunctionVictim(LeftMinusRight()), torch.ones(1, 3, 16, 16), Output())
    found = HiResCAM().map(asked, torch.Generator())
    assert torch.allclose(found[:, :6], torch.tensor(1.0))
    assert not found[:, 10:].any()
    assert GradCAM().map(asked, torch.Generator()).abs().max() < 1e-6
