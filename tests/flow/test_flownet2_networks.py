"""The networks: sizes, names, shapes, and the reference written from NVIDIA's names."""

import flownet2_reference
import pytest
import torch

from mmrobust.flow.flownet2.blocks import scaled
from mmrobust.flow.flownet2.checkpoint import MEMBERS
from mmrobust.flow.flownet2.flownet_s import FlowNetS
from mmrobust.flow.flownet2.fusion import FlowNetFusion

NETWORKS = {
    **MEMBERS,
    'cascaded S': lambda width: FlowNetS(width, inputs=12),
    'Fusion': FlowNetFusion,
}
# Parameters, entries of the state dict, and some of them, all NVIDIA's.
SIZES = {
    'FlowNet2C': (39_175_298, 48),
    'FlowNet2S': (38_676_506, 42),
    'FlowNet2SD': (45_371_666, 60),
    'FlowNet2CS': (77_870_620, 90),
    'FlowNet2CSS': (116_565_942, 132),
    'FlowNet2': (162_518_834, 220),
    'cascaded S': (38_695_322, 42),
    'Fusion': (581_226, 28),
}
NAMES = {
    'FlowNet2C': {
        'conv1.0.weight': (64, 3, 7, 7),
        'conv_redir.0.weight': (32, 256, 1, 1),
        'conv3_1.0.weight': (256, 473, 3, 3),
        'deconv2.0.weight': (386, 64, 4, 4),
        'predict_flow2.bias': (2,),
        'upsampled_flow6_to_5.bias': (2,),
        'upsampled_flow3_to_2.weight': (2, 2, 4, 4),
    },
    'FlowNet2S': {
        'conv1.0.weight': (64, 6, 7, 7),
        'conv6_1.0.bias': (1024,),
        'deconv5.0.weight': (1024, 512, 4, 4),
        'predict_flow2.weight': (2, 194, 3, 3),
        'upsampled_flow3_to_2.weight': (2, 2, 4, 4),
    },
    'FlowNet2SD': {
        'conv0.0.weight': (64, 6, 3, 3),
        'conv1_1.0.weight': (128, 64, 3, 3),
        'conv2_1.0.bias': (128,),
        'inter_conv5.0.weight': (512, 1026, 3, 3),
        'predict_flow2.weight': (2, 64, 3, 3),
        'upsampled_flow3_to_2.bias': (2,),
    },
    'FlowNet2CS': {
        'flownetc.conv1.0.weight': (64, 3, 7, 7),
        'flownets_1.conv1.0.weight': (64, 12, 7, 7),
        'flownets_1.upsampled_flow3_to_2.weight': (2, 2, 4, 4),
    },
    'FlowNet2CSS': {'flownets_2.conv1.0.weight': (64, 12, 7, 7)},
    'FlowNet2': {
        'flownets_d.conv0.0.weight': (64, 6, 3, 3),
        'flownetfusion.conv0.0.weight': (64, 11, 3, 3),
        'flownetfusion.inter_conv0.0.weight': (16, 82, 3, 3),
        'flownetfusion.predict_flow0.weight': (2, 16, 3, 3),
        'flownetfusion.upsampled_flow1_to_0.bias': (2,),
    },
    'cascaded S': {},
    'Fusion': {},
}


def small(member, width=0.06):
    return flownet2_reference.responsive(NETWORKS[member](width))


def channels(*shape):
    torch.manual_seed(4)
    return torch.rand(shape, dtype=torch.double) - 0.5


@pytest.mark.parametrize('name', NETWORKS)
def test_parameters_and_names_at_full_width(name):
    with torch.device('meta'):
        network = NETWORKS[name](1.0)
    state = network.state_dict()
    assert (sum(p.numel() for p in network.parameters()), len(state)) == SIZES[name]
    for key, shape in NAMES[name].items():
        assert tuple(state[key].shape) == shape
    assert ('upsampled_flow6_to_5.bias' in state) == (name in ('FlowNet2C', 'FlowNet2SD'))


@pytest.mark.parametrize('member', MEMBERS)
def test_flow_is_the_references(member):
    network, x = small(member), channels(2, 6, 64, 128)
    found = network.full(x)
    expected = flownet2_reference.MEMBERS[member](network.state_dict(), x)
    assert found.shape == (2, 2, 64, 128)
    assert expected.std() > 0.05  # of a pixel: frames have an effect
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize('member', flownet2_reference.PYRAMIDS)
def test_pyramid_is_the_references_in_pixels(member):
    network, x = small(member), channels(1, 6, 128, 64)
    found = network(x)
    expected = flownet2_reference.PYRAMIDS[member](network.state_dict(), x)
    sides = [(32, 16), (16, 8), (8, 4), (4, 2), (2, 1)]
    assert [tuple(flow.shape[2:]) for flow in found] == sides
    torch.testing.assert_close(found, [flow * 20 for flow in expected], rtol=1e-9, atol=1e-10)


def test_pyramid_of_the_full_network_ends_at_full_size():
    network, x = small('FlowNet2'), channels(1, 6, 64, 64)
    flows = network(x)
    assert [tuple(flow.shape) for flow in flows] == [(1, 2, s, s) for s in (64, 32, 16)]
    assert torch.equal(flows[0], network.full(x))


@pytest.mark.parametrize('member', MEMBERS)
def test_every_parameter_is_trained_by_the_pyramid(member):
    network = small(member).requires_grad_()
    loss = sum(flow.square().mean() for flow in network(channels(1, 6, 64, 64)))
    loss.backward()
    assert all(weight.grad is not None for weight in network.parameters())


@pytest.mark.parametrize('name', NETWORKS)
def test_width_leaves_the_channels_that_mean_something(name):
    network = NETWORKS[name](0.001)
    shapes = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    with torch.device('meta'):
        full = {key: value.shape for key, value in NETWORKS[name](1.0).state_dict().items()}
    first = next(key for key in ('flownetc.conv1.0', 'conv0.0', 'conv1.0') if f'{key}.bias' in full)
    assert shapes[f'{first}.weight'][1] == full[f'{first}.weight'][1]
    assert all(shapes[key][0] == 2 for key in full if 'predict_flow' in key)
    assert min(min(shape) for shape in shapes.values()) == 1


def test_start_is_nvidias():
    torch.manual_seed(0)
    network = NETWORKS['FlowNet2S'](0.5)
    weight, bias = network.conv6_1[0].weight, network.conv6_1[0].bias
    bound = (6 / (2 * 512 * 9)) ** 0.5
    assert 0.99 * bound < weight.abs().max() <= bound
    assert 0 <= bias.min() < 0.02
    assert 0.98 < bias.max() < 1


@pytest.mark.parametrize('width', [0, -1, float('nan'), float('inf'), '1', None, True])
def test_width_must_be_a_number_above_zero(width):
    with pytest.raises(ValueError, match='^width must be'):
        scaled(64, width)
