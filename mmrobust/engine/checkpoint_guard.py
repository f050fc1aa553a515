"""Refuse a checkpoint that does not match the model.

mmengine loads with ``strict=False`` and only warns: a checkpoint of another
model leaves random weights, and the run reports numbers all the same.
"""

import re
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import CheckpointLoader
from torch import nn

from mmrobust.registry import HOOKS


def _some(names: list[str]) -> str:
    shown = ', '.join(names[:3])
    return shown if len(names) <= 3 else f'{shown} and {len(names) - 3} more'


def named_tensors(checkpoint: Any) -> dict[str, torch.Tensor]:
    """The tensors of a loaded checkpoint, without a wrapper's prefix.

    Raises:
        ValueError: It holds no named tensors.
    """
    state = checkpoint.get('state_dict', checkpoint) if isinstance(checkpoint, dict) else None
    if not isinstance(state, dict):
        kind = type(checkpoint if state is None else state).__name__
        raise ValueError(f'checkpoint must hold a dict of named tensors, got a {kind}')
    return {
        re.sub(r'^module\.', '', name): value
        for name, value in state.items()
        if isinstance(value, torch.Tensor)
    }


def check_state(state: dict[str, Any], expected: dict[str, Any]) -> None:
    """Compare a checkpoint's tensors with a model's.

    Raises:
        ValueError: Tensors are missing, of another shape, unknown to the
            model, or hold NaN or infinity; the message names some of them.
    """
    missing = [k for k in expected if k not in state and not k.endswith('num_batches_tracked')]
    unknown = [k for k in state if k not in expected]
    shared = [k for k in state if k in expected]
    shapes = [
        f'{k} is {tuple(state[k].shape)} instead of {tuple(expected[k].shape)}'
        for k in shared
        if state[k].shape != expected[k].shape
    ]
    rules = (
        (missing, 'has no values for'),
        (shapes, 'has other shapes:'),
        (unknown, 'holds values that the model does not have:'),
    )
    faults = [f'{rule} {_some(names)}' for names, rule in rules if names]
    if faults:
        raise ValueError(f'checkpoint does not match the model: it {"; it ".join(faults)}')
    bad = [k for k in shared if state[k].is_floating_point() and not state[k].isfinite().all()]
    if bad:
        raise ValueError(f'checkpoint must hold finite numbers, got NaN or inf in {_some(bad)}')


def load_weights(model: nn.Module, path: str) -> None:
    """Load a checkpoint's file, which must match the model.

    Raises:
        ValueError: It does not; see :func:`check_state`.
    """
    tensors = named_tensors(CheckpointLoader.load_checkpoint(path, map_location='cpu'))
    try:
        check_state(tensors, model.state_dict())
    except ValueError as error:
        raise ValueError(f'{path}: {error}') from error
    # What check_state lets pass are batch norm counters.
    model.load_state_dict(tensors, strict=False)


@HOOKS.register_module()
class CheckpointGuard(Hook):
    """Checks every checkpoint before mmengine loads it."""

    priority = 'VERY_HIGH'

    def after_load_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Compare with the runner's model."""
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        check_state(named_tensors(checkpoint), model.state_dict())
