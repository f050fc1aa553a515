"""Views averaged in log space."""

import pytest
import torch

from mmrobust.functional.averaging import average_views


def _views(scale=1.0, dtype=torch.float64):
    # N = 3 videos, V = 3 views, K = 5 classes: a wrong axis would go unnoticed in shapes.
    generator = torch.Generator().manual_seed(0)
    return scale * torch.randn(3, 3, 5, generator=generator, dtype=dtype)


@pytest.mark.parametrize('scale', [0.1, 1, 30])
def test_prob_is_the_logarithm_of_the_mean_softmax(scale):
    logits = _views(scale)
    expected = logits.softmax(-1).mean(dim=1).log()
    torch.testing.assert_close(average_views(logits, 'prob'), expected)


def test_score_is_the_mean():
    torch.testing.assert_close(average_views(_views(), 'score'), _views().mean(dim=1))


@pytest.mark.parametrize('averaging', ['prob', 'score', None])
def test_one_view_keeps_its_logits(averaging):
    logits = _views()[:, :1]
    assert torch.equal(average_views(logits, averaging), logits[:, 0])


def test_several_views_need_a_rule():
    with pytest.raises(ValueError, match=r'average_clips must be .*=None and 3 views'):
        average_views(_views(), None)


def test_sure_views_keep_a_gradient():
    # The mean of these softmaxes is exactly 1 and 0: its logarithm is -inf, its slope NaN.
    logits = torch.zeros(1, 2, 3)
    logits[..., 0] = 200
    assert logits.softmax(-1).mean(dim=1).log()[0, 1] == -torch.inf
    logits.requires_grad_()
    scores = average_views(logits, 'prob')
    assert scores.isfinite().all()
    (gradient,) = torch.autograd.grad(scores[0, 1], logits)
    # Both views are led from class 0 to class 1, equally.
    expected = torch.tensor([[-0.5, 0.5, 0.0]]).expand(1, 2, 3)
    torch.testing.assert_close(gradient, expected)


def test_gradient():
    logits = _views().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: average_views(x, 'prob'), logits)


def test_softmax_of_the_result_is_what_the_test_path_reports():
    logits = _views()
    mean = logits.softmax(-1).mean(dim=1)
    torch.testing.assert_close(average_views(logits, 'prob').softmax(-1), mean)
