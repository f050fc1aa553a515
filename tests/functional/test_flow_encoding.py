"""The 8-bit encoding of flow, against what the tools that write such files do."""

import cv2
import numpy as np
import pytest
import torch

from mmrobust.functional.flow_encoding import decode, encode

BOUNDS = [20.0, 15, 0.1, 127.5, 7.3]


def denseflow(flow, bound):
    """CAST of denseflow: double precision, cvRound (lrint: halves to even)."""
    wide = np.asarray(flow, np.float64)
    grey = np.rint(255 * (wide + bound) / (bound + bound))
    return np.where(wide > bound, 255, np.where(wide < -bound, 0, grey))


def mmaction_script(flow, bound):
    """flow_to_img of MMAction2: in place, so in the precision of the flow."""
    scaled = np.clip(flow, -bound, bound)
    scaled += bound
    scaled *= 255 / float(2 * bound)
    return scaled.astype(np.uint8)


def fine_grid(bound, dtype):
    """Every step and tie of the scale with its neighbours, and beyond the bound."""
    ties = (np.arange(0, 511) / 2 * 2 * bound / 255 - bound).astype(dtype)
    around = [ties, np.nextafter(ties, dtype(9e9)), np.nextafter(ties, dtype(-9e9))]
    fine = np.linspace(-1.2 * bound, 1.2 * bound, 100_003).astype(dtype)
    return np.concatenate([*around, fine, np.array([0, -0.0, bound, -bound], dtype)])


@pytest.mark.parametrize('dtype', [np.float32, np.float64])
@pytest.mark.parametrize('bound', BOUNDS)
def test_rounding_is_that_of_denseflow(bound, dtype):
    flow = fine_grid(bound, dtype)
    found = encode(torch.from_numpy(flow), bound).numpy()
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, denseflow(flow, bound))


@pytest.mark.parametrize('dtype', [np.float32, np.float64])
@pytest.mark.parametrize('bound', BOUNDS)
def test_truncation_is_that_of_the_script_of_mmaction(bound, dtype):
    flow = fine_grid(bound, dtype)
    found = encode(torch.from_numpy(flow), bound, 'truncate').numpy()
    np.testing.assert_array_equal(found, mmaction_script(flow, bound))


def test_ties_are_those_of_opencv():
    # With this bound whole displacements fall between two grey values.
    flow = torch.arange(-127.0, 128)
    grey = cv2.convertScaleAbs((flow + 127.5).numpy())[:, 0]
    np.testing.assert_array_equal(encode(flow, 127.5).numpy(), grey)
    assert not (grey == np.floor(flow.numpy() + 128)).all()


def test_zero_flow_and_the_ends():
    flow = torch.tensor([0.0, 20, -20, 1e9, -1e9])
    assert encode(flow).tolist() == [128, 255, 0, 255, 0]
    assert encode(flow, rounding='truncate').tolist() == [127, 255, 0, 255, 0]


@pytest.mark.parametrize('rounding', ['round', 'truncate'])
def test_values_stay_whole_while_a_gradient_is_taken(rounding):
    flow = torch.from_numpy(fine_grid(20.0, np.float32))
    with torch.no_grad():
        plain = encode(flow, rounding=rounding)
    grey = encode(flow.clone().requires_grad_(), rounding=rounding)
    assert torch.equal(grey.detach(), plain)
    assert torch.equal(plain, plain.round())


@pytest.mark.parametrize('rounding', ['round', 'truncate'])
def test_gradient_is_that_of_the_line_and_zero_beyond_the_bound(rounding):
    flow = torch.tensor([-30, -20.001, -20, -3.3, 0, 19.9, 20, 20.001]).double().requires_grad_()
    weight = torch.linspace(1, 2, 8).double()
    (gradient,) = torch.autograd.grad((encode(flow, 20.0, rounding) * weight).sum(), flow)
    inside = torch.tensor([0, 0, 1, 1, 1, 1, 1, 0])
    torch.testing.assert_close(gradient, inside * weight * 6.375)


def test_decoding_is_the_inverse_up_to_rounding():
    grey = torch.arange(256).double()
    flow = decode(grey)
    assert (flow[0], flow[-1]) == (-20, 20)
    assert torch.equal(encode(flow), grey)
    fine = torch.linspace(-20, 20, 9973).double()
    assert (decode(encode(fine)) - fine).abs().max() <= 20 / 255 + 1e-9
    lost = fine - decode(encode(fine, rounding='truncate'))
    assert lost.min() > -1e-9
    assert lost.max() < 40 / 255


@pytest.mark.parametrize('bound', [0, -1, float('nan'), float('inf'), '20', True])
def test_bad_bounds_are_refused(bound):
    for function in (encode, decode):
        with pytest.raises(ValueError, match='bound must be a number > 0'):
            function(torch.zeros(3), bound)


def test_unknown_rounding_is_refused():
    with pytest.raises(ValueError, match="rounding must be one of .*'truncate'.* got 'floor'"):
        encode(torch.zeros(3), rounding='floor')
