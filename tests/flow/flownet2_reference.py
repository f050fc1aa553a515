"""FlowNet2's networks once more, written from NVIDIA's layer names alone.

Plain functions of a state dict: nothing of the package is called, the warp is
``grid_sample`` and the correlation a product per displacement.
Shapes: x is (M, 6, H, W), normalised; flow is returned in units of 20 pixels.
"""

import torch
import torch.nn.functional as F


def responsive(module, seed=3):
    """The module with weights under which frames matter more than biases, in double."""
    torch.manual_seed(seed)
    for weight in module.double().requires_grad_(False).parameters():
        if weight.dim() == 1:
            weight.uniform_(0, 0.05)
        else:
            torch.nn.init.xavier_uniform_(weight, gain=1.4)
    return module


def part(state, prefix):
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}


def conv(state, name, x, stride=1, active=True):
    weight = state[f'{name}.weight']
    x = F.conv2d(x, weight, state[f'{name}.bias'], stride, padding=(weight.shape[-1] - 1) // 2)
    return F.leaky_relu(x, 0.1) if active else x


def up(state, name, x, active=False):
    weight, bias = state[f'{name}.weight'], state.get(f'{name}.bias')
    x = F.conv_transpose2d(x, weight, bias, stride=2, padding=1)
    return F.leaky_relu(x, 0.1) if active else x


def refine(state, features, level):
    """Predictions of all levels, finest first."""
    x = features[0]
    flow = conv(state, f'predict_flow{level}', x, active=False)
    flows = [flow]
    for skip in features[1:]:
        level -= 1
        raised = up(state, f'upsampled_flow{level + 1}_to_{level}', flow)
        x = torch.cat((skip, up(state, f'deconv{level}.0', x, active=True), raised), 1)
        seen = x
        if f'inter_conv{level}.0.weight' in state:
            seen = conv(state, f'inter_conv{level}.0', x, active=False)
        flow = conv(state, f'predict_flow{level}', seen, active=False)
        flows.insert(0, flow)
    return flows


def deep(state, x3, x2):
    x4 = conv(state, 'conv4_1.0', conv(state, 'conv4.0', x3, 2))
    x5 = conv(state, 'conv5_1.0', conv(state, 'conv5.0', x4, 2))
    x6 = conv(state, 'conv6_1.0', conv(state, 'conv6.0', x5, 2))
    return refine(state, [x6, x5, x4, x3, x2], 6)


def flownet_c(state, x):
    def shallow(frame):
        x2 = conv(state, 'conv2.0', conv(state, 'conv1.0', frame, 2), 2)
        return x2, conv(state, 'conv3.0', x2, 2)

    (x2, first), (_, second) = shallow(x[:, :3]), shallow(x[:, 3:])
    height, width = first.shape[2:]
    wide = F.pad(second, (20, 20, 20, 20))
    matches = [
        (first * wide[..., j : j + height, i : i + width]).mean(1)
        for j in range(0, 41, 2)
        for i in range(0, 41, 2)
    ]
    matches = F.leaky_relu(torch.stack(matches, 1), 0.1)
    x3 = conv(state, 'conv3_1.0', torch.cat((conv(state, 'conv_redir.0', first), matches), 1))
    return deep(state, x3, x2)


def flownet_s(state, x):
    x2 = conv(state, 'conv2.0', conv(state, 'conv1.0', x, 2), 2)
    return deep(state, conv(state, 'conv3_1.0', conv(state, 'conv3.0', x2, 2)), x2)


def flownet_sd(state, x):
    x1 = conv(state, 'conv1_1.0', conv(state, 'conv1.0', conv(state, 'conv0.0', x), 2))
    x2 = conv(state, 'conv2_1.0', conv(state, 'conv2.0', x1, 2))
    return deep(state, conv(state, 'conv3_1.0', conv(state, 'conv3.0', x2, 2)), x2)


def fusion(state, x):
    x0 = conv(state, 'conv0.0', x)
    x1 = conv(state, 'conv1_1.0', conv(state, 'conv1.0', x0, 2))
    x2 = conv(state, 'conv2_1.0', conv(state, 'conv2.0', x1, 2))
    return refine(state, [x2, x1, x0], 2)[0]


def four_times(flow, mode):
    return torch.nn.Upsample(scale_factor=4, mode=mode)(flow)


def warp(image, flow):
    height, width = flow.shape[2:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing='ij')
    grid = torch.stack([(x + flow[:, 0]) / (width - 1), (y + flow[:, 1]) / (height - 1)], -1)
    return F.grid_sample(image, 2 * grid - 1, padding_mode='border', align_corners=True)


def length(x):
    return x.square().sum(1, keepdim=True).sqrt()


def cascade(state, x, stages):
    """The finest prediction of the last stage."""
    flow = flownet_c(part(state, 'flownetc.'), x)[0]
    for stage in range(1, stages + 1):
        flow = four_times(flow * 20, 'bilinear')
        warped = warp(x[:, 3:], flow)
        seen = torch.cat((x, warped, flow / 20, length(x[:, :3] - warped)), 1)
        flow = flownet_s(part(state, f'flownets_{stage}.'), seen)[0]
    return flow


def flownet2(state, x):
    large = four_times(cascade(state, x, 2) * 20, 'nearest')
    small = four_times(flownet_sd(part(state, 'flownets_d.'), x)[0] / 20, 'nearest')
    errors = [length(x[:, :3] - warp(x[:, 3:], flow)) for flow in (small, large)]
    seen = torch.cat((x[:, :3], small, large, length(small), length(large), *errors), 1)
    return fusion(part(state, 'flownetfusion.'), seen)


# Full flow in pixels, as NVIDIA's members return it in evaluation mode.
MEMBERS = {
    'FlowNet2C': lambda s, x: four_times(flownet_c(s, x)[0] * 20, 'bilinear'),
    'FlowNet2S': lambda s, x: four_times(flownet_s(s, x)[0] * 20, 'bilinear'),
    'FlowNet2SD': lambda s, x: four_times(flownet_sd(s, x)[0] * 20, 'bilinear'),
    'FlowNet2CS': lambda s, x: four_times(cascade(s, x, 1) * 20, 'bilinear'),
    'FlowNet2CSS': lambda s, x: four_times(cascade(s, x, 2) * 20, 'nearest'),
    'FlowNet2': flownet2,
}
PYRAMIDS = {'FlowNet2C': flownet_c, 'FlowNet2S': flownet_s, 'FlowNet2SD': flownet_sd}
