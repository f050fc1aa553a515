"""Bottom-up estimators of MMPose's own parts, small enough for finite differences.

K = 4 joints, inputs of W = 64 by H = 32, pictures of 128 by 64 with two persons,
one person and nobody.
"""

from typing import Any

import numpy as np
import pose_toys
import torch
from torch import Tensor, nn

K = 4
FLIP_PAIRS = [0, 2, 1, 3]
SIZE = WIDTH, HEIGHT = 64, 32
CODEC = {
    'type': 'AssociativeEmbedding',
    'input_size': SIZE,
    'heatmap_size': (16, 8),
    'sigma': 1,
    'decode_topk': 6,
    'decode_center_shift': 0.5,
    'decode_keypoint_order': [0, 1, 2, 3],
    'decode_max_instances': 6,
}
SPR = {
    'type': 'SPR',
    'input_size': SIZE,
    'heatmap_size': (16, 8),
    'sigma': (2, 1),
    'minimal_diagonal_length': 1,
    'generate_keypoint_heatmaps': True,
    'decode_max_instances': 6,
}
_OTA = {
    'type': 'SimOTAAssigner',
    'oks_calculator': {'type': 'PoseOKS', 'metainfo': 'configs/_base_/datasets/coco.py'},
}
_ONE_STAGE = {
    'num_keypoints': K,
    'featmap_strides': (8, 16),
    'assigner': _OTA,
    'prior_generator': {'type': 'MlvlPointGenerator', 'offset': 0, 'strides': [8, 16]},
    'loss_cls': {'type': 'BCELoss', 'reduction': 'sum'},
    'loss_bbox': {'type': 'IoULoss', 'mode': 'square', 'reduction': 'sum'},
    'loss_oks': {'type': 'OKSLoss', 'metainfo': 'configs/_base_/datasets/coco.py'},
    'loss_vis': {'type': 'BCELoss', 'use_target_weight': True},
}
_MODULE = {'num_classes': 1, 'stacked_convs': 1, 'act_cfg': {'type': 'Swish'}}
DECOUPLED = {'type': 'DecoupledHeatmap', 'input_size': SIZE, 'heatmap_size': (16, 8)}
HEADS: dict[str, dict[str, Any]] = {
    'ae': {
        'type': 'AssociativeEmbeddingHead',
        'in_channels': 8,
        'num_keypoints': K,
        'deconv_out_channels': None,
        'keypoint_loss': {'type': 'KeypointMSELoss'},
        'tag_loss': {'type': 'AssociativeEmbeddingLoss', 'loss_weight': 0.5},
        'decoder': {**CODEC, 'heatmap_size': SIZE},
    },
    'dekr': {
        'type': 'DEKRHead',
        'in_channels': 8,
        'num_keypoints': K,
        'num_heatmap_filters': 4,
        'num_displacement_filters_per_keypoint': 2,
        'heatmap_loss': {'type': 'KeypointMSELoss', 'use_target_weight': True},
        'displacement_loss': {
            'type': 'SoftWeightSmoothL1Loss',
            'use_target_weight': True,
            'supervise_empty': False,
            'beta': 1 / 9,
            'loss_weight': 0.002,
        },
        'decoder': SPR,
    },
    'cid': {
        'type': 'CIDHead',
        'in_channels': 8,
        'num_keypoints': K,
        'gfd_channels': 8,
        'coupled_heatmap_loss': {'type': 'FocalHeatmapLoss', 'loss_weight': 1.0},
        'decoupled_heatmap_loss': {'type': 'FocalHeatmapLoss', 'loss_weight': 4.0},
        'decoder': DECOUPLED,
    },
    'yolox': {
        'type': 'YOLOXPoseHead',
        **_ONE_STAGE,
        'head_module_cfg': {**_MODULE, 'in_channels': 8, 'feat_channels': 8},
        'loss_obj': {'type': 'BCELoss', 'use_target_weight': True, 'reduction': 'sum'},
    },
    'rtmo': {
        'type': 'RTMOHead',
        **_ONE_STAGE,
        'head_module_cfg': {
            **_MODULE,
            'in_channels': 4,
            'cls_feat_channels': 8,
            'num_groups': 2,
            'channels_per_group': 4,
            'pose_vec_channels': 8,
        },
        'dcc_cfg': {
            'in_channels': 8,
            'feat_channels': 8,
            'num_bins': (12, 16),
            'spe_channels': 8,
            'gau_cfg': {
                's': 8,
                'expansion_factor': 2,
                'dropout_rate': 0.0,
                'drop_path': 0.0,
                'act_fn': 'SiLU',
                'pos_enc': 'add',
            },
        },
    },
}
TESTS = {
    'ae': {
        'flip_test': True,
        'shift_heatmap': False,
        'restore_heatmap_size': True,
        'align_corners': False,
    },
    'dekr': {'flip_test': True, 'shift_heatmap': True, 'nms_dist_thr': 0.05},
    'cid': {'flip_test': True, 'max_instances': 6},
    'yolox': {'score_thr': 0.2, 'nms_thr': 0.65},
    'rtmo': {'score_thr': 0.2, 'nms_thr': 0.65},
}


class _Layout(nn.Module):
    """Hands features (N, 8, 8, 16) over in the form that a head wants."""

    def __init__(self, layout: str) -> None:
        super().__init__()
        self.layout = layout

    def arrange(self, features: Tensor) -> Any:
        if self.layout == 'plain':
            return [features]  # MMPose asserts a list without the flip test.
        if self.layout in ('ae', 'dekr', 'cid'):
            return (features,)
        coarse = nn.functional.avg_pool2d(features, 2)
        return coarse, nn.functional.avg_pool2d(coarse.sin(), 2)


class Smooth(pose_toys.Smooth):
    """The same features, arranged for these heads."""

    arrange = _Layout.arrange


class Planted(_Layout):
    """Features that follow one number, the inputs' sum under random signs.

    Along the signs the number moves some fifty times as far as under noise of
    the same size, and the features by its cube: the adversarial examples are
    known. The signs are symmetric, so that they are for the flip test too.
    """

    def __init__(self, layout: str) -> None:
        super().__init__(layout)
        half = torch.randn(3, HEIGHT, WIDTH // 2).sign()
        self.register_buffer('signs', torch.cat([half, half.flip(-1)], dim=-1))
        self.register_buffer('base', 3 * torch.randn(8, 8, 16))
        self.register_buffer('way', torch.randn(8, 8, 16))

    def forward(self, inputs: Tensor) -> Any:
        number = (inputs * self.signs).flatten(1).sum(dim=1)[:, None, None, None] / 150
        return self.arrange(self.base + (number + number**3) * self.way)


class Still(nn.Module):
    """A convolution in the place of a deformable one, which mmcv-lite lacks."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, features: Tensor, offset: Tensor) -> Tensor:
        return self.conv(features) + offset.mean(dim=1, keepdim=True)


def _spread(model: Any, name: str) -> None:
    """Random weights with which persons are found, and heatmaps differ."""
    for module in model.modules():
        if hasattr(module, 'adapt_conv'):
            module.adapt_conv = Still(module.adapt_conv.in_channels)
    if name == 'dekr':
        # Centres above the threshold, and joints some cells away from them.
        model.head.heatmap_conv_layers[-1].bias.data += 1.0
        model.head.displacement_conv_layers[-1].weight.data *= 4
    if name == 'cid':
        # Its own weights begin so small that all heatmaps are alike.
        for weight in model.head.parameters():
            weight.data.normal_(0, 0.4)
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm2d, nn.BatchNorm1d)):
            module.running_mean.uniform_(-0.3, 0.3)
            module.running_var.uniform_(0.5, 1.5)


def build_model(name: str, *, flip: bool = True, backbone: str = 'PersonsSmooth') -> Any:
    """An estimator with random weights that finds persons everywhere, in evaluation mode."""
    from mmengine.registry import init_default_scope

    init_default_scope('mmpose')
    import mmpose.models  # noqa: F401
    from mmpose.registry import MODELS

    for key, cls in (('PersonsSmooth', Smooth), ('PersonsPlanted', Planted)):
        MODELS.register_module(name=key, module=cls, force=True)
    test, layout = dict(TESTS[name]), name
    head = HEADS[name]
    if name == 'ae' and not flip:
        test, layout, head = {'flip_test': False}, 'plain', {**head, 'decoder': CODEC}
    if name in ('dekr', 'cid'):
        test['flip_test'] = flip
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = MODELS.build(
            {
                'type': 'BottomupPoseEstimator',
                'data_preprocessor': {
                    'type': 'PoseDataPreprocessor',
                    'mean': [123.675, 116.28, 103.53],
                    'std': [58.395, 57.12, 57.375],
                    'bgr_to_rgb': True,
                },
                'backbone': {'type': backbone, 'layout': layout},
                'head': head,
                'test_cfg': test,
            }
        )
        _spread(model, name)
    return model.eval()


def pictures(seed: int = 0) -> list[dict[str, Any]]:
    """Pictures as a data set loads them; one joint of the first person is not visible."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:64, 0:128]
    found = []
    for i, boxes in enumerate(([[10, 5, 50, 60], [60, 8, 118, 58]], [[30, 4, 90, 60]], [])):
        waves = [np.sin(rows / 7 + i + c) * np.cos(columns / 9 - c) for c in range(3)]
        noise = rng.integers(-20, 20, (64, 128, 3))
        image = (120 + 80 * np.stack(waves, -1) + noise).astype(np.uint8)
        one = {
            'img': image,
            'img_shape': image.shape[:2],
            'ori_shape': image.shape[:2],
            'id': list(range(len(boxes))),
            'img_id': i,
            'img_path': f'{i}.png',
            'flip_indices': FLIP_PAIRS,
            'raw_ann_info': None,
        }
        if boxes:
            box = np.array(boxes, np.float32)
            inside = rng.uniform(0.1, 0.9, (len(box), K, 2)).astype(np.float32)
            corner, far = box[:, None, :2], box[:, None, 2:]
            visible = np.ones((len(box), K), np.float32)
            visible[0, i] = 0
            one |= {
                'bbox': box,
                'bbox_score': np.ones(len(box), np.float32),
                'keypoints': corner + (far - corner) * inside,
                'keypoints_visible': visible,
                'category_id': [1] * len(box),
                'area': np.full(len(box), 900, np.float32),
            }
        found.append(one)
    return found


def pipeline(*, target: dict[str, Any] | None = None) -> Any:
    """The test pipeline, or with ``target`` (of GenerateTarget) training's without chance."""
    from mmengine.dataset import Compose
    from mmengine.registry import init_default_scope

    init_default_scope('mmpose')
    import mmpose.datasets  # noqa: F401
    from mmpose.registry import TRANSFORMS

    steps: list[dict[str, Any]] = [{'type': 'BottomupResize', 'input_size': SIZE, 'size_factor': 8}]
    if target:
        still = {'shift_prob': 0, 'rotate_prob': 0, 'scale_prob': 0, 'scale_type': 'long'}
        steps = [
            {'type': 'BottomupRandomAffine', 'input_size': SIZE, **still},
            {'type': 'GenerateTarget', 'encoder': target},
        ]
    return Compose([TRANSFORMS.build(step) for step in (*steps, {'type': 'PackPoseInputs'})])


def batch(seed: int = 0, rows: tuple[int, ...] = (0, 1, 2)) -> dict[str, Any]:
    """What the data loader gives for some of the pictures."""
    steps = pipeline()
    packed = [steps(pictures(seed)[row]) for row in rows]
    return {
        'inputs': [one['inputs'] for one in packed],
        'data_samples': [one['data_samples'] for one in packed],
    }
