"""Pose estimators of MMPose's own parts, small enough for finite differences.

K = 5 joints, crops of H = 48 by W = 32, features of 12 by 8 cells, N = 3 persons.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

K = 5
FLIP_PAIRS = [0, 2, 1, 4, 3]
WIDTH, HEIGHT = SIZE = (32, 48)
COARSE, FINE = (8, 12), (16, 24)

_GAU = {
    'hidden_dims': 16,
    's': 8,
    'expansion_factor': 2,
    'dropout_rate': 0.0,
    'drop_path': 0.0,
    'act_fn': 'SiLU',
    'use_rel_bias': False,
    'pos_enc': False,
}
_MSE = {'type': 'KeypointMSELoss', 'use_target_weight': True}
_KL = {'type': 'KLDiscretLoss', 'use_target_weight': True}
_DECONV = {'deconv_out_channels': (8,), 'deconv_kernel_sizes': (4,)}
_MSRA = {'type': 'MSRAHeatmap', 'input_size': SIZE, 'heatmap_size': FINE, 'sigma': 2}
_IPR = {'type': 'IntegralRegressionLabel', 'input_size': SIZE, 'heatmap_size': FINE, 'sigma': 2.0}
_SIMCC = {'type': 'SimCCLabel', 'input_size': SIZE, 'sigma': 6.0, 'simcc_split_ratio': 2.0}
_RTM = {
    'type': 'SimCCLabel',
    'input_size': SIZE,
    'sigma': (4.9, 5.66),
    'simcc_split_ratio': 2.0,
    'normalize': False,
    'use_dark': False,
}
_REGRESSION = {'type': 'RegressionLabel', 'input_size': SIZE}


def _levels(kernels: list[int]) -> list[dict[str, Any]]:
    kind = {'type': 'MegviiHeatmap', 'input_size': SIZE, 'heatmap_size': COARSE}
    return [{**kind, 'kernel_size': kernel} for kernel in kernels]


def _heatmap(codec: dict[str, Any]) -> dict[str, Any]:
    options = {'in_channels': 8, 'out_channels': K, 'loss': _MSE, 'decoder': codec}
    return {'type': 'HeatmapHead', **options, **_DECONV}


def _simcc(kind: str, codec: dict[str, Any], loss: dict[str, Any]) -> dict[str, Any]:
    return {
        'type': kind,
        'in_channels': 8,
        'out_channels': K,
        'input_size': SIZE,
        'in_featuremap_size': COARSE,
        'simcc_split_ratio': 2.0,
        'loss': loss,
        'decoder': codec,
    }


def _integral(kind: str) -> dict[str, Any]:
    options = {'in_channels': 8, 'in_featuremap_size': COARSE, 'num_joints': K}
    return {'type': kind, **options, **_DECONV, 'decoder': _IPR}


_BETA = {**_KL, 'beta': 10.0, 'label_softmax': True}
_REGRESSOR = {'in_channels': 8, 'num_joints': K, 'decoder': _REGRESSION}
HEADS: dict[str, dict[str, Any]] = {
    'heatmap': _heatmap(_MSRA),
    'dark': _heatmap({**_MSRA, 'unbiased': True}),
    'udp': _heatmap({**_MSRA, 'type': 'UDPHeatmap'}),
    'vipnas': {**_heatmap(_MSRA), 'type': 'ViPNASHead', 'deconv_num_groups': (4,)},
    'cpm': {
        'type': 'CPMHead',
        'in_channels': 8,
        'out_channels': K,
        'num_stages': 2,
        'loss': _MSE,
        'decoder': {**_MSRA, 'heatmap_size': COARSE},
    },
    'mspn': {
        'type': 'MSPNHead',
        'num_stages': 1,
        'num_units': 2,
        'out_shape': COARSE[::-1],
        'unit_channels': 8,
        'out_channels': K,
        'level_indices': [0, 1],
        'loss': _MSE,
        'decoder': _levels([5])[0],
    },
    'regression': {
        'type': 'RegressionHead',
        'loss': {'type': 'L1Loss', 'use_target_weight': True},
        **_REGRESSOR,
    },
    'rle': {'type': 'RLEHead', **_REGRESSOR},
    'integral': _integral('IntegralRegressionHead'),
    'dsnt': _integral('DSNTHead'),
    'simcc': {
        **_simcc('SimCCHead', _SIMCC, _KL),
        'deconv_out_channels': None,
        'final_layer': {'kernel_size': 1},
    },
    'rtmcc': {**_simcc('RTMCCHead', _RTM, _BETA), 'gau_cfg': _GAU},
    'rtmw': {**_simcc('RTMWHead', _RTM, _BETA), 'gau_cfg': _GAU},
    'visibility': {'type': 'VisPredictHead', 'pose_cfg': _heatmap(_MSRA)},
}
# Heads of coordinates, and of bins along both axes.
COORDINATES = ('regression', 'rle', 'integral', 'dsnt')
BINS = ('simcc', 'rtmcc', 'rtmw')
# What the training pipeline encodes with, where that is not the head's decoder alone.
ENCODERS = {'mspn': {'encoder': _levels([7, 5]), 'multilevel': True}}


def codec(name: str) -> dict[str, Any]:
    head = HEADS[name].get('pose_cfg', HEADS[name])
    return head['decoder']


class _Layout(nn.Module):
    """Hands features (N, 8, 12, 8) over in the form that a head wants."""

    def __init__(self, layout: str) -> None:
        super().__init__()
        self.layout = layout

    def arrange(self, features: Tensor) -> Any:
        if self.layout == 'cpm':
            return [features.sin(), features]
        if self.layout == 'mspn':
            return [[features.sin(), features]]
        if self.layout == 'rtmw':
            finer = nn.functional.interpolate(features[:, :4], scale_factor=2.0)
            return finer, features
        return (features,)


class Smooth(_Layout):
    """Two convolutions and a tanh: no kinks in the way of finite differences."""

    def __init__(self, layout: str) -> None:
        super().__init__(layout)
        self.first = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.second = nn.Conv2d(8, 8, 3, stride=2, padding=1)

    def forward(self, inputs: Tensor) -> Any:
        return self.arrange(3 * torch.tanh(self.second(torch.tanh(self.first(inputs)))))


class Planted(_Layout):
    """Features that follow one number, the inputs' sum under random signs.

    Along the signs the number moves some seventy times as far as under noise
    of the same size, and the features by its cube: the adversarial examples
    are known. The signs are symmetric, so that they are for the flip test too.
    """

    def __init__(self, layout: str) -> None:
        super().__init__(layout)
        half = torch.randn(3, HEIGHT, WIDTH // 2).sign()
        self.register_buffer('signs', torch.cat([half, half.flip(-1)], dim=-1))
        self.register_buffer('base', 3 * torch.randn(8, 12, 8))
        self.register_buffer('way', torch.randn(8, 12, 8))

    def forward(self, inputs: Tensor) -> Any:
        number = (inputs * self.signs).flatten(1).sum(dim=1)[:, None, None, None] / 150
        return self.arrange(self.base + (number + number**3) * self.way)


def build_model(name: str, *, flip: bool = False, backbone: str = 'PoseSmooth') -> Any:
    """An estimator with random weights whose predictions differ, in evaluation mode."""
    from mmengine.registry import init_default_scope

    init_default_scope('mmpose')
    import mmpose.models  # noqa: F401
    from mmpose.registry import MODELS

    for key, cls in (('PoseSmooth', Smooth), ('PosePlanted', Planted)):
        MODELS.register_module(name=key, module=cls, force=True)
    pooled = name in ('regression', 'rle')
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = MODELS.build(
            {
                'type': 'TopdownPoseEstimator',
                'data_preprocessor': {
                    'type': 'PoseDataPreprocessor',
                    'mean': [123.675, 116.28, 103.53],
                    'std': [58.395, 57.12, 57.375],
                    'bgr_to_rgb': True,
                },
                'backbone': {'type': backbone, 'layout': name},
                'neck': {'type': 'GlobalAveragePooling'} if pooled else None,
                'head': HEADS[name],
                'test_cfg': {'flip_test': flip, 'flip_mode': 'heatmap', 'shift_heatmap': flip},
            }
        )
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.uniform_(-0.3, 0.3)
                module.running_var.uniform_(0.5, 1.5)
        if pooled:
            # Coordinates start in the middle of the crop.
            model.head.fc.bias.data += 0.5
    return model.eval()


def persons(seed: int = 0) -> list[dict[str, Any]]:
    """Three persons in one picture as a data set loads them; one joint each is not visible."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:90, 0:110]
    waves = [np.sin(rows / 7 + i) * np.cos(columns / 9 - i) for i in range(3)]
    image = (120 + 80 * np.stack(waves, -1) + rng.integers(-20, 20, (90, 110, 3))).astype(np.uint8)
    found = []
    for i, box in enumerate(([10, 5, 60, 80], [40, 20, 100, 85], [5, 10, 45, 60])):
        corner, far = np.array(box[:2], np.float32), np.array(box[2:], np.float32)
        joints = corner + (far - corner) * rng.uniform(0.1, 0.9, (1, K, 2)).astype(np.float32)
        visible = np.ones((1, K), np.float32)
        visible[0, i] = 0
        found.append(
            {
                'img': image,
                'img_shape': image.shape[:2],
                'ori_shape': image.shape,
                'id': i,
                'img_id': 0,
                'img_path': 'picture.png',
                'bbox': np.array([box], np.float32),
                'bbox_score': np.ones(1, np.float32),
                'keypoints': joints.astype(np.float32),
                'keypoints_visible': visible,
                'flip_indices': FLIP_PAIRS,
                'raw_ann_info': {'keypoints': []},
            }
        )
    return found


def pipeline(target: dict[str, Any] | None = None, *, udp: bool = False) -> Any:
    """The test pipeline, or with ``target`` (of GenerateTarget) the training one."""
    from mmengine.dataset import Compose
    from mmengine.registry import init_default_scope

    init_default_scope('mmpose')
    import mmpose.datasets  # noqa: F401

    steps: list[dict[str, Any]] = [
        {'type': 'GetBBoxCenterScale'},
        {'type': 'TopdownAffine', 'input_size': SIZE, 'use_udp': udp},
    ]
    steps += [{'type': 'GenerateTarget', **target}] if target else []
    from mmpose.registry import TRANSFORMS

    return Compose([TRANSFORMS.build(step) for step in (*steps, {'type': 'PackPoseInputs'})])


class Dataset:
    """As much of a data set as a victim is shown."""

    def __init__(self, steps: Any) -> None:
        self.pipeline = steps


def batch(steps: Any = None, seed: int = 0, **changes: Any) -> dict[str, Any]:
    """What the data loader gives for the three persons, keypoints in input pixels packed."""
    from mmrobust.victims.pose.annotations import pack_input_keypoints

    steps = pipeline() if steps is None else steps
    pack_input_keypoints(Dataset(steps))
    packed = [steps({**person, **changes}) for person in persons(seed)]
    return {
        'inputs': [one['inputs'] for one in packed],
        'data_samples': [one['data_samples'] for one in packed],
    }


class PersonSet:
    """Persons as an MMPose data set in top-down mode shows them."""

    def __init__(self, infos: list[dict[str, Any]], steps: Any = None) -> None:
        self.infos = infos
        self.pipeline = pipeline() if steps is None else steps

    def __len__(self) -> int:
        return len(self.infos)

    def get_data_info(self, index: int) -> dict[str, Any]:
        return dict(self.infos[index])

    def __getitem__(self, index: int) -> Any:
        return self.pipeline(self.get_data_info(index))


def picture(victim: Any, infos: list[dict[str, Any]] | None = None, steps: Any = None) -> Any:
    """The first picture of a set as a batch, as the engine hands it to a ImageVictim."""
    from mmengine.dataset import pseudo_collate

    dataset = PersonSet(persons() if infos is None else infos, steps)
    victim.install(dataset)
    return victim.collate(pseudo_collate)([victim.samples(dataset)[0]])


def in_double(monkeypatch: Any, *models: nn.Module) -> None:
    """Models in double precision, also where their preprocessors cast to single.

    What compares runs asks for it: in single precision kernels round by processor and
    by the batch's size, and the sign of a gradient next to zero turns with that.
    """
    for model in models:
        model.double()
    monkeypatch.setattr(torch.Tensor, 'float', torch.Tensor.double)


def assert_slopes(objective: Callable[[Tensor], Tensor], pixels: Tensor, rows: int = 4) -> Tensor:
    """The gradient of ``objective`` (N,), which must agree with central differences.

    Args:
        objective: Of pixels (N, ...), in double precision.
        pixels: Where.
        rows: Number of random directions.
    """
    leaf = pixels.clone().requires_grad_()
    gradient: Tensor
    (gradient,) = torch.autograd.grad(objective(leaf).sum(), leaf)
    generator = torch.Generator().manual_seed(1)
    for _ in range(rows):
        way = torch.randn(pixels.shape, generator=generator, dtype=torch.float64)
        with torch.no_grad():
            ends = [objective(pixels + sign * 1e-5 * way) for sign in (1, -1)]
        slope = (ends[0] - ends[1]) / 2e-5
        # Per sample: a gradient that leaks into a neighbour would show.
        expected = (gradient * way).flatten(1).sum(dim=1)
        torch.testing.assert_close(slope, expected, rtol=1e-4, atol=1e-10)
    return gradient


def random_checkpoint(config: Path, folder: Path) -> Path:
    """Weights that nobody trained: attacks start from what the model predicts."""
    from mmengine.config import Config
    from mmengine.registry import init_default_scope
    from mmpose.registry import MODELS

    init_default_scope('mmpose')
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = MODELS.build(Config.fromfile(config).model)
        model.init_weights()
    path = folder / 'random.pth'
    torch.save({'state_dict': model.state_dict()}, path)
    return path


def distance(bound, outputs):
    """How far the joints are from the poses of a bound goal."""
    return bound.goal.distance(outputs, bound.facts)
