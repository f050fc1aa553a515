"""A budget that allows any values at all is no threat model."""

import pytest
import torch

from mmrobust.attacks.fgsm import FGSM
from mmrobust.threats import L2, FrameMask, Linf, PixelMask
from mmrobust.victims import FunctionVictim

PIXELS = torch.full((2, 3, 4, 5, 6), 100.0)
WHOLE = 255 * (3 * 4 * 5 * 6) ** 0.5


@pytest.mark.parametrize(
    ('threat', 'most'),
    [
        (Linf, 255),
        (L2, WHOLE),
        (lambda eps: FrameMask(Linf(eps), [1]), 255),
        (lambda eps: FrameMask(L2(eps), [1]), WHOLE / 2),
        (lambda eps: PixelMask(L2(eps), (0, 0, 5, 3)), WHOLE / 2**0.5),
    ],
)
def test_budgets_end_with_the_range_of_values(threat, most):
    bounds = (0.0, 255.0)
    threat(most).check_range(PIXELS, bounds)
    threat(1).check_range(PIXELS, bounds)
    with pytest.raises(ValueError, match='threat.eps must be at most .*, got'):
        threat(most * 1.01).check_range(PIXELS, bounds)
    # Places of joints have no bounds.
    threat(1e9).check_range(PIXELS, (-torch.inf, torch.inf))
    threat(1e9).check_range(PIXELS[:0], bounds)


def test_an_attack_asks():
    victim = FunctionVictim(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.LazyLinear(3)))
    labels = victim(PIXELS).argmax(dim=1)
    FGSM(Linf(255))(victim, PIXELS, labels)
    with pytest.raises(ValueError, match=r'threat.eps must be at most 255, .* got 1000000000.0'):
        FGSM(Linf(1e9))(victim, PIXELS, labels)
