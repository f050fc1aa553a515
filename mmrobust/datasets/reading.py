"""A recogniser's test pipeline, made to read video files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

READERS = ('DecordDecode', 'OpenCVDecode', 'PyAVDecode')
# Words in the names of transforms whose input is no video.
STRANGERS = {'Pose': 'skeletons', 'Ske': 'skeletons', 'GCN': 'skeletons', 'Audio': 'audio'}


def reading_files(pipeline: Sequence[Any]) -> list[Any]:
    """The pipeline with its decoding replaced by decord's, where it reads no video files.

    Raises:
        ValueError: It takes skeletons, audio or stored optical flow, or decodes nothing.
    """
    kinds = [kind_of(step) for step in pipeline]
    for kind in kinds:
        for word, what in STRANGERS.items():
            if word in kind:
                raise ValueError(f'pipeline must take videos, got {kind}, which takes {what}')
    if any(isinstance(s, dict) and s.get('input_format') == 'NCHW_Flow' for s in pipeline):
        raise ValueError(
            'pipeline must take videos, got one of stored optical flow; '
            'mmrobust.FlowRecognizer2D computes it from videos (docs/flow.md)'
        )
    if any(kind in READERS for kind in kinds):
        return list(pipeline)
    steps = [(k, step) for k, step in zip(kinds, pipeline, strict=True) if not k.endswith('Init')]
    decodes = [place for place, (kind, _) in enumerate(steps) if 'Decode' in kind]
    if not decodes:
        raise ValueError(f'pipeline must decode videos, got {", ".join(kinds)}')
    rest = [step for _, step in steps]
    last = decodes[-1]
    return [{'type': 'DecordInit'}, *rest[:last], {'type': 'DecordDecode'}, *rest[last + 1 :]]


def kind_of(step: Any) -> str:
    """The name of a transform's class, built or not."""
    kind = step['type'] if isinstance(step, dict) else type(step)
    return str(kind).split('.')[-1] if isinstance(kind, str) else str(kind.__name__)
