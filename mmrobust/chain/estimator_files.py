"""A pose estimator from its own config and checkpoint, and what is known of its joints.

Shapes: K joints.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from mmrobust.functional.checks import require, suggestion
from mmrobust.io.checkpoints import load_weights, read_checkpoint
from mmrobust.io.configs import check_file, read_config
from mmrobust.io.model_config import check_model
from mmrobust.io.pipelines import own_pipeline

OPTIONS = ('config', 'checkpoint', 'crops_at_once')


@dataclass(frozen=True)
class Meta:
    """What the data set of an estimator says of its joints.

    Attributes:
        flip_indices: Joint -> its mirror image, for the flip test; None: unknown.
        sigmas: (K,), falloffs of OKS; None: unknown.
    """

    flip_indices: tuple[int, ...] | None = None
    sigmas: Tensor | None = None

    @property
    def packed(self) -> dict[str, Any]:
        """What a test pipeline would pack of it."""
        return {} if self.flip_indices is None else {'flip_indices': list(self.flip_indices)}

    @classmethod
    def of(cls, found: Mapping[str, Any] | None) -> Meta:
        """Of what MMPose knows of a data set."""
        found = found or {}
        indices, sigmas = found.get('flip_indices'), found.get('sigmas')
        known = sigmas is not None and len(sigmas) > 0
        return cls(
            None if indices is None else tuple(int(joint) for joint in indices),
            torch.as_tensor(sigmas, dtype=torch.float64) if known else None,
        )


def load_estimator(options: Mapping[str, Any]) -> tuple[nn.Module, Sequence[Any], Meta]:
    """The estimator with its weights, its test pipeline, and what is known of its joints.

    Args:
        options: ``config`` and ``checkpoint``, paths, and ``crops_at_once``.

    Raises:
        FileNotFoundError: A path leads nowhere.
        ValueError: An option is missing or unknown, it is no top-down estimator, its weights do
            not match its config, or a flip test has no names of joints.
    """
    for name in options:
        if name not in OPTIONS:
            hint = suggestion(name, OPTIONS)
            raise ValueError(f'pose_estimator has no option {name!r}: {hint}')
    for name in OPTIONS[:2]:
        given = options.get(name)
        require(isinstance(given, str), f'pose_estimator.{name}', 'a path', given)
        check_file(options[name], f'pose_estimator.{name}')
    from mmengine.registry import MODELS

    cfg = read_config(options['config'], 'pose_estimator.config')
    kind = cfg.get('model', {}).get('type')
    rule = 'that of a TopdownPoseEstimator'
    require(kind == 'TopdownPoseEstimator', 'pose_estimator.config', rule, kind)
    check_model(cfg.model, 'pose_estimator.config')
    # The recogniser round it is of another scope, and stays there.
    with MODELS.switch_scope_and_registry('mmpose') as registry:
        model: nn.Module = registry.build(cfg.model)
    load_weights(model, options['checkpoint'])
    meta = Meta.of(_dataset_meta(cfg, options['checkpoint']))
    flipped = bool((cfg.model.get('test_cfg') or {}).get('flip_test'))
    rule = 'one that names its joints (dataset_meta, or a train_dataloader), for its flip test'
    known = not flipped or meta.flip_indices is not None
    require(known, 'pose_estimator.config', rule, options['config'])
    return model, own_pipeline(cfg.test_dataloader.dataset), meta


def _dataset_meta(cfg: Any, path: str) -> Mapping[str, Any] | None:
    """What the checkpoint says of its joints, else the config."""
    from mmpose.apis.inference import dataset_meta_from_config

    stored = (read_checkpoint(path).get('meta') or {}).get('dataset_meta')
    return stored or dataset_meta_from_config(cfg, dataset_mode='train')
