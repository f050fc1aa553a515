"""The streams of a two-stream recogniser: what they must be, and their weights."""

from __future__ import annotations

import re
from typing import Any

import torch
from mmaction.models.recognizers import Recognizer2D, Recognizer3D
from mmaction.registry import MODELS
from mmengine.runner import CheckpointLoader
from torch import nn

from mmrobust.engine.checkpoint_guard import check_state
from mmrobust.flow.recognizers.flow_input import FlowInput
from mmrobust.functional.checks import require

Options = dict[str, Any]


def built(rgb: Options, motion: Options) -> dict[str, Any]:
    """Both recognisers of their configs, for the same classes.

    Raises:
        ValueError: A config is for another kind of model, or the numbers of
            classes differ.
    """
    streams = {'rgb': MODELS.build(rgb), 'motion': MODELS.build(motion)}
    kinds = {name: type(stream).__name__ for name, stream in streams.items()}
    usable = isinstance(streams['rgb'], (Recognizer2D, Recognizer3D))
    require(usable, 'rgb', 'a Recognizer2D or Recognizer3D', kinds['rgb'])
    moving = isinstance(streams['motion'], FlowInput)
    rule = 'an mmrobust.FlowRecognizer2D or mmrobust.FlowRecognizer3D'
    require(moving, 'motion', rule, kinds['motion'])
    heads = [getattr(stream, 'cls_head', None) for stream in streams.values()]
    counts = [getattr(head, 'num_classes', None) for head in heads]
    same = counts[0] is not None and counts[0] == counts[1]
    require(same, 'num_classes', 'the same in the heads of rgb and motion', counts)
    return streams


def load_weights(stream: nn.Module, path: str) -> None:
    """Load a stream's checkpoint, which must match it."""
    checkpoint = CheckpointLoader.load_checkpoint(path, map_location='cpu')
    state = checkpoint.get('state_dict', checkpoint)
    tensors = {
        re.sub(r'^module\.', '', name): value
        for name, value in state.items()
        if isinstance(value, torch.Tensor)
    }
    try:
        check_state(tensors, stream.state_dict())
    except ValueError as error:
        raise ValueError(f'{path}: {error}') from error
    # What check_state lets pass are batch norm counters.
    stream.load_state_dict(tensors, strict=False)
