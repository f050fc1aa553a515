"""The motion of a video, for the samplers that follow it.

Shapes: T frames, H, W pixels.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from mmrobust.flow.estimator import FlowEstimator
from mmrobust.functional.checks import require

# Options of estimators that change speed or gradients, not the flow.
_NOT_FLOW = ('workers', 'cache', 'progress', 'backward')


def backward_motion(
    estimator: FlowEstimator, pixels: Tensor, starts: Sequence[int] = (0,)
) -> Tensor:
    """From each frame back to the one before, at the pixels of the later one.

    So that what is moved along it follows the content: the flow from frame t to
    frame t-1, not the negative of the flow from frame t-1 to frame t.

    Args:
        estimator: Any; moved to the device of the video.
        pixels: An RGB video (3, T, H, W), 0..255.
        starts: First frames of the views that follow one another in it; nothing
            moves from the last frame of one to the first of the next.

    Returns:
        Maps (T, 2, H, W), float32, pixels; zero at ``starts``.

    Raises:
        ValueError: The video is not RGB; the flow has another size than the
            frames or is not finite.
    """
    rgb = pixels.dim() == 4 and len(pixels) == 3
    require(rgb, 'pixels', 'an RGB video (3, T, H, W): motion needs colours', tuple(pixels.shape))
    frames = pixels.detach().transpose(0, 1).float()
    maps = frames.new_zeros(len(frames), 2, *frames.shape[2:])
    later = torch.tensor([t for t in range(len(frames)) if t not in starts], dtype=torch.long)
    if not len(later):
        return maps
    name = f'the flow of {type(estimator).__name__}'
    with torch.no_grad():
        flow = estimator.to(frames.device).estimate(frames[later], frames[later - 1])
    shape = tuple(maps[later].shape)
    require(flow.shape == shape, name, f'shaped as the frames, {shape}', tuple(flow.shape))
    require(bool(flow.isfinite().all()), name, 'finite', 'inf or nan')
    maps[later] = flow.to(maps)
    return maps


def describe_motion(estimator: FlowEstimator) -> dict[str, Any]:
    """``type`` and what decides the flow of an estimator.

    Options that change speed or gradients alone are left out. Of a network, the
    digest of its weights (``weights``) stands for its size and checkpoint.

    Raises:
        ValueError: An option can be found nowhere in the estimator.
    """
    names = [
        name for name in inspect.signature(type(estimator)).parameters if name not in _NOT_FLOW
    ]
    known = vars(estimator) | _constants(estimator)
    options = {name: known[name] for name in names if name in known}
    weights = estimator.state_dict()
    if weights:
        options['weights'] = _digest(weights)
    else:
        missing = sorted(set(names) - set(options))
        name = type(estimator).__name__
        require(not missing, name, 'an estimator that keeps its options as attributes', missing)
    return {'type': type(estimator).__name__} | options


def _constants(estimator: FlowEstimator) -> dict[str, Any]:
    """Where OpenCV's estimators and the one in PyTorch keep their options."""
    method, settings = getattr(estimator, 'method', None), getattr(estimator, 'settings', None)
    keywords = getattr(method, 'keywords', {})
    return dict(keywords) if settings is None else asdict(settings)


def _digest(weights: dict[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name, tensor in weights.items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:16]
