"""Losses against torch and numpy, and their gradients where a victim is sure."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mmrobust.functional.losses import LOSSES, cross_entropy, dlr, dlr_towards, logit, margin

CLASSES = torch.tensor([0, 3, 2, 2, 1])


def _logits(scale=3.0, seed=0, classes=4):
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(5, classes, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize('scale', [0.01, 1, 10, 40])
@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_cross_entropy_is_torchs(scale, dtype):
    logits = _logits(scale).to(dtype)
    expected = F.cross_entropy(logits, CLASSES, reduction='none')
    torch.testing.assert_close(cross_entropy(logits, CLASSES), expected)


def test_cross_entropy_of_log_probabilities_is_that_of_scores():
    logits = _logits()
    torch.testing.assert_close(
        cross_entropy(logits.log_softmax(1), CLASSES), cross_entropy(logits, CLASSES)
    )


def test_margin_and_logit_match_numpy():
    logits = _logits()
    rows = [(row, int(c)) for row, c in zip(logits.numpy(), CLASSES, strict=True)]
    np.testing.assert_allclose(
        margin(logits, CLASSES), [np.delete(row, c).max() - row[c] for row, c in rows]
    )
    np.testing.assert_allclose(logit(logits, CLASSES), [-row[c] for row, c in rows])


@pytest.mark.parametrize('loss', LOSSES.values(), ids=LOSSES)
def test_gradients(loss):
    logits = _logits(1.0).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: loss(x, CLASSES), logits)


@pytest.mark.parametrize('name', LOSSES)
def test_losses_grow_as_the_class_loses_ground(name):
    loss, logits = LOSSES[name], _logits()
    if name == 'runner_up':
        # It asks only how near the second best is, and speaks of the class while that leads.
        logits = logits + 20 * F.one_hot(CLASSES, 4).double()
    if name == 'dlr':
        # It is one, whatever the class does, where that is third.
        logits = logits + 20 * F.one_hot(CLASSES, 4).double()
    own = F.one_hot(CLASSES, 4).double()
    assert (loss(logits - own, CLASSES) > loss(logits, CLASSES)).all()


def _surely(gap, dtype=torch.float32):
    """Class 0 leads class 1 by ``gap`` and class 2 by one more."""
    return torch.tensor([[gap / 2, -gap / 2, -gap / 2 - 1]], dtype=dtype)


@pytest.mark.parametrize('gap', [1.0, 16.0, 20.0, 49.0, 51.0, 90.0, 300.0])
@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_cross_entropy_of_a_sure_victim_has_the_exact_direction(gap, dtype):
    logits = _surely(gap, dtype).requires_grad_()
    (gradient,) = torch.autograd.grad(cross_entropy(logits, torch.tensor([0])).sum(), logits)
    # p_1 and p_2 up, and their sum down at the class itself.
    share = 1 / (1 + np.exp(-1))
    expected = torch.tensor([[-1, share, 1 - share]], dtype=dtype)
    assert gradient[0, 0] < 0
    torch.testing.assert_close(gradient / -gradient[0, 0], expected)


def test_cross_entropy_grows_with_every_lost_point():
    gaps = torch.arange(-400.0, 400.0).double()
    logits = torch.stack([gaps, torch.zeros_like(gaps)], dim=1)
    losses = cross_entropy(logits, torch.zeros(len(gaps), dtype=torch.long))
    assert (losses.diff() < 0).all()
    torch.testing.assert_close(losses, F.softplus(-gaps), rtol=1e-9, atol=1e-15)


def test_half_precision_scores():
    logits = _logits().half()
    expected = F.cross_entropy(logits.float(), CLASSES, reduction='none')
    torch.testing.assert_close(cross_entropy(logits, CLASSES), expected)


@pytest.mark.parametrize('loss', LOSSES.values(), ids=LOSSES)
def test_nan_stays_in_its_sample(loss):
    logits = _logits()
    logits[1] = torch.nan
    assert loss(logits, CLASSES).isfinite().tolist() == [True, False, True, True, True]


def test_difference_of_logits_ratios_match_numpy():
    logits, targets = _logits(), (CLASSES + 1) % 4
    plain, towards = [], []
    for row, c, t in zip(logits.numpy(), CLASSES.tolist(), targets.tolist(), strict=True):
        first, _, third, fourth = sorted(row, reverse=True)
        plain.append(-(row[c] - np.delete(row, c).max()) / (first - third))
        towards.append(-(row[c] - row[t]) / (first - (third + fourth) / 2))
    np.testing.assert_allclose(dlr(logits, CLASSES), plain)
    np.testing.assert_allclose(dlr_towards(logits, CLASSES, targets), towards)


def test_a_ratio_knows_neither_scale_nor_shift():
    logits, targets = _logits(), (CLASSES + 1) % 4
    for other in (1e4 * logits, logits - 77, logits.log_softmax(1)):
        torch.testing.assert_close(dlr(other, CLASSES), dlr(logits, CLASSES))
        again = dlr_towards(other, CLASSES, targets)
        torch.testing.assert_close(again, dlr_towards(logits, CLASSES, targets))


@pytest.mark.parametrize('classes', [2, 3, 4, 5])
def test_a_target_of_any_rank_has_a_gradient(classes):
    for rank in range(1, classes):
        logits = -torch.arange(float(classes))[None].double().requires_grad_()
        own, target = torch.tensor([0]), torch.tensor([rank])
        (found,) = torch.autograd.grad(dlr_towards(logits, own, target).sum(), logits)
        assert float(found[0, rank]) > 0


def test_two_classes_have_no_ratio_and_equal_scores_no_infinity():
    with pytest.raises(ValueError, match='of at least 3 classes for loss dlr'):
        dlr(_logits(classes=2), torch.tensor([0, 1, 0, 1, 0]))
    flat = torch.zeros(5, 4, dtype=torch.float64)
    assert torch.equal(dlr(flat, CLASSES), torch.zeros(5).double())
    assert dlr_towards(flat, CLASSES, (CLASSES + 1) % 4).isfinite().all()
