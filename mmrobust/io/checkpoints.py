"""Load checkpoints, and refuse one that does not match the model.

mmengine loads with ``strict=False`` and only warns: a checkpoint of another
model leaves random weights, and the run reports numbers all the same.

Models rename what older releases of theirs called otherwise while they load
(MMPose 0.x: ``keypoint_head``), so that names are compared by loading, as
mmengine does, and not before.
"""

import re
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import torch
from mmengine.logging import print_log
from mmengine.runner import CheckpointLoader
from torch import nn

from mmrobust.compat import healed
from mmrobust.functional.checks import one_line

# What mmengine calls the module that normalises pictures, under each model.
PREPROCESSOR = 'data_preprocessor.'
COUNTER = 'num_batches_tracked'
SIZES = re.compile(r'size mismatch for (\S+): .*Size\(\[(.*?)\]\).*Size\(\[(.*?)\]\)')


def _some(names: Sequence[str]) -> str:
    shown = ', '.join(names[:3])
    return shown if len(names) <= 3 else f'{shown} and {len(names) - 3} more'


def named_tensors(checkpoint: Any) -> OrderedDict[str, torch.Tensor]:
    """The tensors of a loaded checkpoint, without a wrapper's prefix.

    Raises:
        ValueError: It holds no named tensors.
    """
    state = checkpoint.get('state_dict', checkpoint) if isinstance(checkpoint, dict) else None
    if not isinstance(state, dict):
        kind = type(checkpoint if state is None else state).__name__
        raise ValueError(f'checkpoint must hold a dict of named tensors, got a {kind}')
    tensors = OrderedDict(
        (re.sub(r'^module\.', '', name), value)
        for name, value in state.items()
        if isinstance(value, torch.Tensor)
    )
    # The versions of the modules that saved it: by them a model knows old names.
    tensors._metadata = getattr(state, '_metadata', {})  # type: ignore[attr-defined]
    return tensors


def check_state(state: dict[str, Any], expected: dict[str, Any]) -> None:
    """Compare tensors with a model's, name by name.

    Raises:
        ValueError: Tensors are missing, of another shape, unknown to the
            model, or hold NaN or infinity; the message names some of them.
    """
    shared = [k for k in state if k in expected]
    shapes = [
        _shapes(k, tuple(state[k].shape), tuple(expected[k].shape))
        for k in shared
        if state[k].shape != expected[k].shape
    ]
    missing = [k for k in expected if k not in state and not k.endswith(COUNTER)]
    _refuse(missing, shapes, [k for k in state if k not in expected])
    _check_finite({k: state[k] for k in shared})


def _shapes(name: str, found: object, expected: object) -> str:
    return f'{name} is {found} instead of {expected}'


def _refuse(missing: Sequence[str], shapes: Sequence[str], unknown: Sequence[str]) -> None:
    rules = (
        (missing, 'has no values for'),
        (shapes, 'has other shapes:'),
        (unknown, 'holds values that the model does not have:'),
    )
    faults = [f'{rule} {_some(names)}' for names, rule in rules if names]
    if faults:
        raise ValueError(f'checkpoint does not match the model: it {"; it ".join(faults)}')


def _check_finite(state: dict[str, torch.Tensor]) -> None:
    bad = [k for k, v in state.items() if v.is_floating_point() and not v.isfinite().all()]
    if bad:
        raise ValueError(f'checkpoint must hold finite numbers, got NaN or inf in {_some(bad)}')


def load_tensors(model: nn.Module, tensors: OrderedDict[str, torch.Tensor]) -> None:
    """Load a checkpoint's tensors as mmengine does, and refuse what does not match.

    Old names are those that the model's own hooks know. Values of the data preprocessor,
    which older releases saved, are left aside: the config's own are used, as in any test;
    where they differ, that is said.

    Args:
        model: Changed, also where the tensors do not match.
        tensors: See :func:`named_tensors`; not changed.

    Raises:
        ValueError: Tensors are missing, of another shape, unknown to the
            model, or hold NaN or infinity; the message names some of them.
    """
    # Of the root's loading: it shares these lists with all its parts.
    lists: list[list[str]] = []
    see = model._register_load_state_dict_pre_hook(lambda *given: lists.extend(given[-3:]))
    try:
        model.load_state_dict(tensors, strict=False)
    except Exception as error:
        # Shapes, which are in the last list; or a renaming hook that stumbles over its find.
        if not (lists and lists[2]):
            raise ValueError(
                'checkpoint does not match the model: its names cannot be taken for those of '
                f'an older release either ({one_line(error)})'
            ) from error
    finally:
        see.remove()
    missing, unknown, messages = lists
    shapes = [
        _shapes(m[1], f'({m[2]})', f'({m[3]})') if (m := SIZES.search(text)) else text
        for text in messages
    ]
    _refuse(
        [name for name in missing if COUNTER not in name],
        shapes,
        [name for name in unknown if not name.startswith(PREPROCESSOR)],
    )
    _check_finite(model.state_dict())
    _compare_preprocessing(model, tensors)


def _compare_preprocessing(model: nn.Module, tensors: OrderedDict[str, torch.Tensor]) -> None:
    """Warn where the model was trained with other means or deviations than it is tested with."""
    buffers = dict(model.named_buffers())
    for name, saved in tensors.items():
        if not name.startswith(PREPROCESSOR):
            continue
        used = buffers.get(name)
        flat = None if used is None else used.flatten().tolist()
        if flat != saved.flatten().tolist():
            print_log(
                f"{name} is {saved.flatten().tolist()} in the checkpoint; the config's is used: "
                f'{flat}',
                'current',
                level=30,
            )


def read_checkpoint(path: str) -> Any:
    """What a checkpoint's file, or URL, holds; read as data: see :mod:`mmrobust.compat`."""
    with healed():
        return CheckpointLoader.load_checkpoint(path, 'cpu', logger='silent')


def load_weights(model: nn.Module, path: str) -> None:
    """Load a checkpoint's file, which must match the model.

    Raises:
        ValueError: It does not; see :func:`load_tensors`.
    """
    try:
        load_tensors(model, named_tensors(read_checkpoint(path)))
    except ValueError as error:
        raise ValueError(f'{path}: {error}') from error
