"""Build a model from a config and a checkpoint, outside a runner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from mmengine.registry import MODELS, init_default_scope
from torch import nn

from mmrobust.functional.checks import require
from mmrobust.io.checkpoints import load_weights
from mmrobust.io.configs import check_file, read_config
from mmrobust.io.model_config import check_model
from mmrobust.victims.deployed.config import deployed_model, is_function


def load_model(
    config: str | Path | Any,
    checkpoint: str | Path,
    *,
    overrides: dict[str, Any] | None = None,
    device: torch.device | str = 'cpu',
    black_box: bool = False,
) -> nn.Module:
    """A model of MMAction2 or MMPose with its weights, in evaluation mode.

    Args:
        config: Path of a config, or the config, which ``overrides`` change.
        checkpoint: Path or URL of the weights.
        overrides: Dotted keys of the config and other values for them.
        device: Where the model goes.
        black_box: ``checkpoint`` is a deployed network, which takes the place of the config's
            (:mod:`mmrobust.victims.deployed`).

    Raises:
        FileNotFoundError: Config or checkpoint does not exist.
        ModuleNotFoundError: A part of the model is in a package that is not installed.
        ValueError: The config cannot be read or has no model, or the weights are not its own.
    """
    cfg = read_config(config, 'config') if isinstance(config, str | Path) else config
    if '://' not in str(checkpoint) and not (black_box and is_function(str(checkpoint))):
        check_file(checkpoint, 'checkpoint')
    cfg.merge_from_dict(overrides or {})
    require('model' in cfg, 'config', 'a config with a model', config)
    check_model(cfg.model, f'config {cfg.filename or "given"}')
    options = deployed_model(cfg.model, str(checkpoint)) if black_box else cfg.model
    scope = cfg.get('default_scope') or 'mmaction'
    init_default_scope(scope)
    with MODELS.switch_scope_and_registry(scope) as registry:
        model: nn.Module = registry.build(options)
    if not black_box:
        load_weights(model, str(checkpoint))
    return model.to(device).eval()
