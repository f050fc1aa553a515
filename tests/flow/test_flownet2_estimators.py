"""The registered estimators: frames of any size, gradients, independence, memo."""

import numpy as np
import pytest
import torch
from flownet2_reference import responsive

from mmrobust.flow.estimators import flownet2
from mmrobust.flow.flownet2.preprocessing import normalise, pad
from mmrobust.registry import FLOWS

pytestmark = pytest.mark.sampled(3)

MEMBERS = ['FlowNet2C', 'FlowNet2S', 'FlowNet2SD', 'FlowNet2CS', 'FlowNet2CSS', 'FlowNet2']


def small(member, width=0.05):
    return responsive(FLOWS.build({'type': member, 'width': width}))


def frames(*shape):
    torch.manual_seed(5)
    return torch.randint(0, 256, (*shape[:-2], 3, *shape[-2:])).double()


@pytest.mark.parametrize('member', MEMBERS)
def test_members_are_registered_and_differentiable(member):
    estimator = FLOWS.build({'type': f'mmrobust.{member}', 'width': 0.01})
    assert type(estimator) is getattr(flownet2, member)
    assert estimator.differentiable
    assert estimator(torch.zeros(1, 3, 3, 64, 64)).shape == (1, 2, 2, 64, 64)


def test_options_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match='^width must be.*got 0$'):
        FLOWS.build({'type': 'FlowNet2', 'width': 0})
    with pytest.raises(ValueError, match="no option 'widht'.*did you mean 'width'"):
        FLOWS.build({'type': 'FlowNet2', 'widht': 1})


def test_normalisation_is_per_pair_and_channel():
    first, second = frames(3, 6, 8), 0.5 * frames(3, 6, 8).flip(0)
    found = normalise(first, second).numpy()
    for i in range(3):
        one, other = first[i].numpy(), second[i].numpy()
        for c in range(3):
            mean = np.concatenate([one[c].ravel(), other[c].ravel()]).mean()
            np.testing.assert_allclose(found[i, c], (one[c] - mean) / 255, atol=1e-14)
            np.testing.assert_allclose(found[i, 3 + c], (other[c] - mean) / 255, atol=1e-14)


@pytest.mark.parametrize('sides', [(5, 7), (1, 1), (64, 128), (65, 63)])
def test_padding_repeats_the_border_to_the_right_and_below(sides):
    x = frames(2, *sides)
    tall, wide = (-(-side // 64) * 64 for side in sides)
    margins = ((0, 0), (0, 0), (0, tall - sides[0]), (0, wide - sides[1]))
    np.testing.assert_array_equal(pad(x).numpy(), np.pad(x.numpy(), margins, mode='edge'))


@pytest.mark.parametrize('member', ['FlowNet2C', 'FlowNet2'])
@pytest.mark.parametrize('sides', [(5, 7), (64, 64), (70, 33), (1, 129)])
def test_flow_has_the_size_of_the_frames(member, sides):
    estimator, clip = small(member), frames(2, 2, *sides).requires_grad_()
    flow = estimator(clip)
    assert flow.shape == (2, 1, 2, *sides)
    (gradient,) = torch.autograd.grad(flow.square().sum(), clip)
    assert gradient.isfinite().all()
    assert gradient.flatten(2).abs().amax(2).all()


def test_flow_is_the_networks_cropped():
    estimator, (first, second) = small('FlowNet2CS'), frames(2, 1, 50, 70)
    found = estimator.estimate(first, second)
    x = normalise(first, second).numpy()
    padded = torch.from_numpy(np.pad(x, ((0, 0), (0, 0), (0, 14), (0, 58)), mode='edge'))
    assert torch.equal(found, estimator.network.full(padded)[..., :50, :70])


@pytest.mark.parametrize('member', MEMBERS)
def test_gradients_by_finite_differences(member):
    estimator, clip = small(member), frames(1, 2, 60, 64)
    weight = torch.randn(1, 1, 2, 60, 64, dtype=torch.double)

    def value(clip):
        return (estimator(clip) * weight).sum()

    leaf = clip.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(value(leaf), leaf)
    step = 1e-5
    for _ in range(3):
        direction = torch.randn_like(clip)
        ahead, behind = value(clip + step * direction), value(clip - step * direction)
        torch.testing.assert_close(
            (gradient * direction).sum(), (ahead - behind) / (2 * step), rtol=1e-5, atol=1e-5
        )


@pytest.mark.parametrize('member', MEMBERS)
def test_pairs_do_not_mix(member):
    estimator, clip = small(member), frames(2, 3, 64, 64)
    clip[1] *= 0.3  # other means
    flow = estimator(clip)
    for n in range(2):
        for t in range(2):
            alone = estimator.estimate(clip[n, t : t + 1], clip[n, t + 1 : t + 2])[0]
            torch.testing.assert_close(flow[n, t], alone, rtol=0, atol=1e-10)


@pytest.mark.parametrize('member', MEMBERS)
@pytest.mark.parametrize('value', [None, 0.0, 255.0])
def test_still_and_constant_pairs_have_finite_flow_and_gradient(member, value):
    estimator, clip = small(member), frames(1, 2, 32, 64)
    clip[:, 1] = clip[:, 0]
    if value is not None:
        clip[:] = value
    clip.requires_grad_()
    flow = estimator(clip)
    (gradient,) = torch.autograd.grad(flow.square().sum(), clip)
    assert flow.isfinite().all()
    assert gradient.isfinite().all()


def test_equal_frames_and_no_flow_are_the_kink_of_every_norm():
    estimator = small('FlowNet2')
    for name, weight in estimator.network.named_parameters():
        if not name.startswith('flownetfusion'):
            weight.zero_()
    clip = frames(1, 1, 64, 64).expand(1, 2, 3, 64, 64).clone().requires_grad_()
    (gradient,) = torch.autograd.grad(estimator(clip).sum(), clip)
    assert gradient.isfinite().all()
    assert gradient.any()


@pytest.mark.parametrize('member', ['FlowNet2C', 'FlowNet2'])
def test_incremental_equals_full(member):
    estimator, clip = small(member), frames(2, 4, 20, 64)
    weight = torch.randn(2, 3, 2, 20, 64, dtype=torch.double)

    def gradient(clip):
        leaf = clip.clone().requires_grad_()
        flow = estimator(leaf)
        return flow.detach(), torch.autograd.grad((flow * weight).sum(), leaf)[0]

    other = clip.clone()
    other[0, 1] += 1
    expected = [gradient(x) for x in (clip, other)]
    with estimator.incremental() as memo:
        found = [gradient(x) for x in (clip, other)]
        with torch.no_grad():
            flow = estimator(other)
    assert memo.computed == 6 + 2
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)
    assert torch.equal(flow, found[1][0])


def test_any_precision_of_frames_is_computed_in_that_of_the_weights():
    estimator = FLOWS.build({'type': 'FlowNet2S', 'width': 0.02})
    clip = frames(1, 2, 64, 64)
    expected = estimator(clip.float())
    assert torch.equal(estimator(clip.byte()), expected)
    assert torch.equal(estimator(clip), expected)


def test_pyramid_is_that_of_the_padded_frames():
    estimator, clip = small('FlowNet2CS'), frames(1, 2, 96, 128)
    flows = estimator.pyramid(clip[:, 0], clip[:, 1])
    assert [tuple(flow.shape[2:]) for flow in flows] == [(128 >> k, 128 >> k) for k in range(2, 7)]
    assert torch.equal(flows[0], estimator.network(pad(normalise(clip[:, 0], clip[:, 1])))[0])


def test_modes_agree():
    estimator, clip = small('FlowNet2C'), frames(1, 2, 64, 64)
    assert torch.equal(estimator.train()(clip), estimator.eval()(clip))


@pytest.mark.parametrize(
    ('first', 'second'), [((3, 8, 8), (3, 8, 8)), ((1, 3, 8, 8), (1, 3, 8, 9))]
)
def test_frames_that_do_not_fit_are_refused(first, second):
    with pytest.raises(ValueError, match='^(first|second) must be'):
        small('FlowNet2S').pyramid(torch.zeros(first), torch.zeros(second))
