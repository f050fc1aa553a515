"""What must hold of a video as soon as it is opened, and of its frames once they are decoded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from mmrobust.compat.cut_files import missing_bytes


def check_opened(transform: object, state: dict[str, Any]) -> None:
    """A reader must know how many frames there are, for some to be sampled.

    Raises:
        ValueError: It found none: PyAV's asks the container, and Matroska, WebM and
            streams do not say.
    """
    if 'total_frames' in state and state['total_frames'] < 1:
        raise ValueError(
            f'{type(transform).__name__} must find the number of frames, got '
            f'{state["total_frames"]}; not all containers say it to PyAV and OpenCV: use '
            'DecordInit and DecordDecode'
        )


def file_flags(data_info: dict[str, Any]) -> tuple[str, ...]:
    """``frames_missing`` where a video's file is shorter than it says of itself."""
    path = Path(str(data_info.get('filename', '')))
    return ('frames_missing',) if path.is_file() and missing_bytes(str(path)) else ()


def check_decoded(state: dict[str, Any], flow: str | None) -> None:
    """Frames of one size, and in the order of time where flow is computed of them.

    Resize would squash frames of another size into that of the first one; and a
    sampler that starts a short video over again, or stays on its last frame, would make
    flow from the last frame to the first, or none.

    Args:
        state: Results of the pipeline after decoding.
        flow: Which frames the model computes flow of; see :func:`flow_sampling`.

    Raises:
        ValueError: The frames break a rule.
    """
    images = state.get('imgs') or []
    sizes = {image.shape[:2] for image in images}
    if len(sizes) > 1:
        raise ValueError(f'frames of a video must have one size, got {sorted(sizes)}')
    length = state.get('clip_len')
    if flow is None or not length or 'frame_inds' not in state:
        return
    clips = np.asarray(state['frame_inds']).reshape(-1, length)
    first, second = clips[:, :-1], clips[:, 1:]
    if flow == 'pairs':
        first, second = clips[:, ::2], clips[:, 1::2]
    if (second <= first).any():
        raise ValueError(
            f'clip must not be longer than the video where flow is computed: {length} frames '
            f'were sampled from {state.get("total_frames", "fewer")}, some of them again'
        )


def flow_sampling(model: nn.Module) -> str | None:
    """Which frames of a clip the model computes flow of: 'stack', 'pairs', or None for none."""
    for module in model.modules():
        if getattr(module, 'flow_estimator', None) is not None:
            return str(getattr(module, 'sampling', 'stack'))
    return None
