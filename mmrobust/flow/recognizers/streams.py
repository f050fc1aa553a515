"""The streams of a two-stream recogniser: what they must be."""

from __future__ import annotations

from typing import Any

from mmaction.models.recognizers import Recognizer2D, Recognizer3D
from mmaction.registry import MODELS

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
