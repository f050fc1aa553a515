from types import SimpleNamespace

import pytest
import torch
from torch import nn

from mmrobust.engine import MotionStemHook


def runner(kernel=(3, 5, 5), iteration=0, load_from=None):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv3d(2, 4, kernel))
    return SimpleNamespace(model=model, iter=iteration, _load_from=load_from)


def test_a_fresh_stem_does_not_see_a_still_video():
    run = runner()
    before = run.model[0].weight.clone()
    MotionStemHook('0', gain=2.0).before_train(run)
    weight = run.model[0].weight
    torch.testing.assert_close(weight, 2 * (before - before.mean(2, keepdim=True)))
    assert weight.requires_grad
    picture = torch.rand(1, 2, 1, 7, 9).expand(-1, -1, 5, -1, -1)
    change = run.model[0](picture) - run.model[0].bias.view(1, -1, 1, 1, 1)
    assert change.abs().max() < 1e-5


@pytest.mark.parametrize('start', [dict(iteration=5), dict(load_from='weights.pth')])
def test_trained_weights_are_left_alone(start):
    run = runner(**start)
    before = run.model[0].weight.clone()
    MotionStemHook('0').before_train(run)
    assert torch.equal(run.model[0].weight, before)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match='gain'):
        MotionStemHook(gain=0)
    with pytest.raises(ValueError, match="'0'"):
        MotionStemHook('0').before_train(runner(kernel=(1, 3, 3)))
