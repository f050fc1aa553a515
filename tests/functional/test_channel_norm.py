"""The norm over channels and its gradient, at zero and elsewhere."""

import torch

from mmrobust.functional.channel_norm import channel_norm


def vectors(*shape):
    torch.manual_seed(0)
    return torch.randn(shape, dtype=torch.double).requires_grad_()


def test_value_is_the_euclidean_norm():
    x = vectors(2, 3, 4, 5)
    found = channel_norm(x)
    assert found.shape == (2, 1, 4, 5)
    torch.testing.assert_close(found, torch.linalg.vector_norm(x, dim=1, keepdim=True))


def test_gradient_is_the_unit_vector():
    x = vectors(2, 3, 4, 5)
    weight = torch.rand(2, 1, 4, 5, dtype=torch.double)
    (gradient,) = torch.autograd.grad((channel_norm(x) * weight).sum(), x)
    length = x.detach().square().sum(1, keepdim=True).sqrt()
    torch.testing.assert_close(gradient, weight * x.detach() / length, rtol=1e-8, atol=0)
    assert torch.autograd.gradcheck(channel_norm, x, rtol=1e-6)


def test_gradient_at_zero_is_zero():
    x = vectors(2, 3, 4, 5).detach()
    x[:, :, 1], x[0, 0, 2] = 0, 0
    x.requires_grad_()
    (gradient,) = torch.autograd.grad(channel_norm(x).sum(), x)
    assert gradient.isfinite().all()
    assert not gradient[:, :, 1].any()
    assert gradient[0, 1, 2].all()


def test_gradient_of_a_length_as_small_as_its_constant():
    x = torch.tensor([3e-9, 4e-9], dtype=torch.double)[None, :, None, None].requires_grad_()
    (gradient,) = torch.autograd.grad(channel_norm(x).sum(), x)
    torch.testing.assert_close(gradient.flatten(), torch.tensor([3, 4]).double() / 6)
