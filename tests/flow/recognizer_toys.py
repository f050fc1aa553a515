"""Estimators and tiny recognisers for the tests of flow recognisers.

Shapes: M pairs of frames, H, W pixels.
"""

import torch
import torch.nn.functional as F
from mmengine.registry import init_default_scope
from torch import nn

from mmrobust.flow.estimator import FlowEstimator

RAW = dict(type='ActionDataPreprocessor', format_shape='NCTHW')
CLASSES = 6


class Normal(FlowEstimator):
    """Flow along the brightness gradient; mirrors, and turns about, with the frames."""

    differentiable = True

    def estimate(self, first, second):
        grey, later = (x.mean(dim=1, keepdim=True) for x in (first, second))
        wide = F.pad(grey, (1, 1, 1, 1), mode='replicate')
        dx = (wide[:, :, 1:-1, 2:] - wide[:, :, 1:-1, :-2]) / 2
        dy = (wide[:, :, 2:, 1:-1] - wide[:, :, :-2, 1:-1]) / 2
        slope = torch.cat([dx, dy], dim=1)
        steep = (slope**2).sum(dim=1, keepdim=True)
        return (grey - later) * slope / (steep + 30)


class Pointwise(FlowEstimator):
    """Looks at no neighbours, so that it does not matter where a frame is cut."""

    differentiable = True

    def estimate(self, first, second):
        return torch.stack([second[:, 0] - first[:, 0], first[:, 1] - second[:, 2]], dim=1) / 12


class Rounded(FlowEstimator):
    """The same without a gradient."""

    differentiable = False

    def estimate(self, first, second):
        return Pointwise().estimate(first, second).round()


class Learnt(FlowEstimator):
    """Has weights and a buffer, and remembers how it was called."""

    differentiable = True

    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(6, 2, 3, padding=1)
        self.norm = nn.BatchNorm2d(2)
        self.calls = []

    def estimate(self, first, second):
        self.calls.append((len(first), torch.is_grad_enabled()))
        return self.norm(self.layer(torch.cat([first, second], dim=1) / 255))


def config_2d(kind='mmrobust.FlowRecognizer2D', fields=2, **options):
    """TSN, ``fields`` flow fields per clip."""
    return (
        dict(
            type=kind,
            backbone=dict(
                type='ResNet',
                depth=18,
                pretrained=None,
                in_channels=2 * fields,
                norm_eval=False,
                num_stages=2,
                strides=(1, 2),
                dilations=(1, 1),
                out_indices=(1,),
            ),
            cls_head=dict(
                type='TSNHead',
                num_classes=CLASSES,
                in_channels=128,
                consensus=dict(type='AvgConsensus', dim=1),
                average_clips='prob',
            ),
            data_preprocessor=dict(RAW),
        )
        | options
    )


def config_3d(kind='mmrobust.FlowRecognizer3D', channels=2, **options):
    """A small SlowOnly."""
    return (
        dict(
            type=kind,
            backbone=dict(
                type='ResNet3d',
                depth=18,
                pretrained=None,
                pretrained2d=False,
                in_channels=channels,
                base_channels=4,
                num_stages=2,
                spatial_strides=(1, 2),
                temporal_strides=(1, 1),
                dilations=(1, 1),
                out_indices=(1,),
                conv1_kernel=(1, 3, 3),
                inflate=(0, 1),
                with_pool2=False,
            ),
            cls_head=dict(type='I3DHead', num_classes=CLASSES, in_channels=8, average_clips='prob'),
            data_preprocessor=dict(RAW),
        )
        | options
    )


def build(cfg, seed=0):
    """A recogniser in evaluation mode, with seeded weights whose logits differ."""
    init_default_scope('mmaction')
    import mmaction.models  # noqa: F401
    from mmengine.registry import MODELS

    torch.manual_seed(seed)
    model = MODELS.build(cfg)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if 'fc_cls.weight' in name:
                # The heads start near zero, which would leave every class alike.
                parameter.mul_(100)
    return model.eval()


def moving(n, m, t, h=12, w=14, seed=0):
    """Clips (N, M, 3, T, H, W) of whole grey levels: smooth scenes that shift."""
    generator = torch.Generator().manual_seed(seed)
    scene = torch.rand(n * m, 3, (h + t) // 3 + 2, (w + t) // 3 + 2, generator=generator)
    scene = F.interpolate(scene, size=(h + t, w + t), mode='bicubic').clamp(0, 1)
    frames = [scene[:, :, i : i + h, i : i + w] for i in range(t)]
    clips = torch.stack(frames, dim=2).mul(255).round()
    return clips.reshape(n, m, 3, t, h, w)


def synthetic(count=2, size=16, sampler=None, crop='ThreeCrop'):
    """The embedded videos with a pipeline of whole clips."""
    init_default_scope('mmaction')
    from mmaction.registry import DATASETS

    sampler = sampler or dict(type='SampleFrames', clip_len=3, num_clips=2, test_mode=True)
    crops = {
        'none': [],
        'CenterCrop': [dict(type='CenterCrop', crop_size=40)],
        'ThreeCrop': [dict(type='ThreeCrop', crop_size=size)],
    }
    pipeline = [
        sampler,
        dict(type='mmrobust.SyntheticDecode'),
        dict(type='Resize', scale=(-1, size)),
        *crops[crop],
        dict(type='FormatShape', input_format='NCTHW'),
        dict(type='PackActionInputs'),
    ]
    kind = 'mmrobust.SyntheticVideoDataset'
    return DATASETS.build(
        dict(type=kind, num_videos=count, split='test', pipeline=pipeline, test_mode=True)
    )


def victim_clips(model, dataset, **options):
    """The model as a victim, bound to all videos of the data set; their pixels."""
    from mmengine.dataset import pseudo_collate

    from mmrobust.victims import ActionVictim

    victim = ActionVictim(model, **options)
    victim.install(dataset)
    loaded = victim.collate(pseudo_collate)([dataset[i] for i in range(len(dataset))])
    assert not loaded.failures, loaded.failures
    ((_, clips, pixels),) = victim.batches(loaded)
    return victim, loaded, clips, pixels.float()


def value_and_gradient(clips, pixels):
    """Outputs (N, K) and the gradient of a function of them."""
    leaf = pixels.clone().requires_grad_()
    outputs = clips(leaf)
    (found,) = torch.autograd.grad(outputs.logsumexp(1).sum() + outputs[:, 1].sum(), leaf)
    return outputs.detach(), found
