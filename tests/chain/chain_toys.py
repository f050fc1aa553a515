"""Tiny chains of MMPose's and MMAction2's own parts: frames, five joints, an action.

Shapes: T frames, H, W pixels, P persons of a frame at most.
"""

from typing import Any

import numpy as np
import torch
from mmengine.registry import init_default_scope
from torch import Tensor

from mmrobust.chain.estimator import JointEstimator
from mmrobust.chain.estimator_files import Meta
from tests.pose.pose_toys import FLIP_PAIRS, SIZE, K, build_model
from tests.victims.skeleton.toys import graph_pipeline, heatmap_pipeline

HEIGHT, WIDTH, CLASSES = 60, 72, 4
INWARD = [(1, 0), (2, 0), (3, 1), (4, 2)]
RAW = dict(type='ActionDataPreprocessor', format_shape='NCTHW')


def pose_pipeline(udp: bool = False) -> list[dict[str, Any]]:
    return [
        dict(type='LoadImage'),
        dict(type='GetBBoxCenterScale'),
        dict(type='TopdownAffine', input_size=SIZE, use_udp=udp),
        dict(type='PackPoseInputs'),
    ]


def estimator(head: str = 'heatmap', *, flip: bool = False, crops_at_once: int = 64) -> Any:
    """With random weights; the last half of MMPose's names for heads decides its codec."""
    meta = Meta(tuple(FLIP_PAIRS), torch.full((K,), 0.07, dtype=torch.float64))
    model = build_model(head, flip=flip)
    init_default_scope('mmaction')
    return JointEstimator(model, pose_pipeline(head == 'udp'), meta, crops_at_once)


GRAPH = dict(
    backbone=dict(
        type='STGCN',
        base_channels=8,
        num_stages=2,
        inflate_stages=[2],
        down_stages=[2],
        graph_cfg=dict(layout=dict(num_node=K, inward=INWARD, center=0), mode='spatial'),
    ),
    cls_head=dict(type='GCNHead', num_classes=CLASSES, in_channels=16),
)
VOLUMES = dict(
    backbone=dict(
        type='ResNet3dSlowOnly',
        depth=18,
        pretrained=None,
        in_channels=K,
        base_channels=4,
        num_stages=2,
        out_indices=(1,),
        stage_blocks=(1, 1),
        conv1_stride_s=1,
        pool1_stride_s=1,
        inflate=(0, 1),
        spatial_strides=(2, 2),
        temporal_strides=(1, 1),
        dilations=(1, 1),
    ),
    cls_head=dict(type='I3DHead', in_channels=8, num_classes=CLASSES, average_clips='prob'),
)


def volume_pipeline() -> list[dict[str, Any]]:
    steps = heatmap_pipeline(double=False)
    steps[5] |= dict(left_kp=(1, 3), right_kp=(2, 4))
    return steps


def chain(kind: str = 'graph', **options: Any) -> Any:
    """A chain in evaluation mode, whose logits differ."""
    init_default_scope('mmaction')
    import mmaction.models  # noqa: F401
    from mmengine.registry import MODELS

    graph = kind == 'graph'
    config = (GRAPH if graph else VOLUMES) | dict(
        type='mmrobust.PoseRecognizerGCN' if graph else 'mmrobust.PoseRecognizer3D',
        pipeline=graph_pipeline(2, clip_len=4, num_clips=2) if graph else volume_pipeline(),
        data_preprocessor=dict(RAW),
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        found = MODELS.build(config | {'pose_estimator': estimator()} | options)
        for name, parameter in found.named_parameters():
            if name in ('cls_head.fc.weight', 'cls_head.fc_cls.weight'):
                torch.nn.init.normal_(parameter, std=3.0)
    return found.eval()


def video(frames: int = 6, seed: int = 0) -> Tensor:
    """Frames (T, 3, H, W) of whole grey levels."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    waves = [
        [np.sin(rows / 6 + i + t / 3) * np.cos(columns / 8 - i + seed) for i in range(3)]
        for t in range(frames)
    ]
    noise = rng.integers(-20, 20, (frames, 3, HEIGHT, WIDTH))
    return torch.from_numpy(120 + 80 * np.array(waves) + noise).round().float()


def boxes(frames: int = 6) -> np.ndarray[Any, Any]:
    """Of two persons (T, 2, 4), the second of whom is not in frame 2."""
    step = np.arange(frames)[:, None]
    first = np.array([[5, 4, 40, 56]]) + step
    second = np.array([[30, 2, 68, 50]]) - step * 0.5
    found = np.stack([first, second], axis=1).astype(np.float32)
    found[2:3, 1] = np.nan
    return found


def sample(given: Any = None, shape: tuple[int, int] = (HEIGHT, WIDTH)) -> Any:
    """A data sample with boxes."""
    from mmaction.structures import ActionDataSample

    given = boxes() if given is None else given
    return ActionDataSample(metainfo={'boxes': given, 'boxes_shape': shape})


def inputs(*videos: Tensor) -> Tensor:
    """(N, 1, 3, T, H, W)."""
    return torch.stack([one.transpose(0, 1)[None] for one in videos])


def slope(model: Any, one: Tensor, given: Any) -> tuple[Tensor, Tensor]:
    """Logits (R, C) of a video, and the gradient of a function of them."""
    leaf = inputs(one).requires_grad_()
    logits = model(leaf, [given], stage='head')
    (found,) = torch.autograd.grad(logits.logsumexp(1).sum() + logits[:, 1].sum(), leaf)
    return logits.detach(), found
