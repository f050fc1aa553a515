"""Scores of a recogniser exactly as its test path computes them.

``mode='tensor'`` skips the test configuration and ``mode='loss'`` breaks on
several views; running ``mode='predict'`` with a hook on the head gives the
logits of every family as they are tested. Shapes: N samples, V views, R rows
of logits per sample, K classes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.model import is_model_wrapper
from torch import Tensor, nn

from mmrobust.functional.averaging import average_views


class _Capture:
    """The head's last output."""

    def __init__(self) -> None:
        self.logits: Tensor | None = None

    def __call__(self, module: nn.Module, inputs: Any, output: Any) -> None:
        self.logits = output


@contextmanager
def head_outputs(model: Any) -> Iterator[_Capture]:
    """Capture what ``model.cls_head`` returns inside the block."""
    capture = _Capture()
    handle = model.cls_head.register_forward_hook(capture)
    try:
        yield capture
    finally:
        handle.remove()


class Scorer:
    """How a recogniser is run and scored on the test path.

    Args:
        model: A built MMAction2 recogniser, perhaps wrapped for distribution.

    Attributes:
        single_frames: The recogniser takes frames, and is given clips: it sees their frames, one
            after the other, as it sees those of its own pipeline.

    Raises:
        ValueError: It is no recogniser with a ``cls_head``.
    """

    def __init__(self, model: nn.Module) -> None:
        self.model: Any = model.module if is_model_wrapper(model) else model
        if getattr(self.model, 'cls_head', None) is None:
            kind = type(self.model).__name__
            raise ValueError(f'model must be an MMAction2 recogniser with a cls_head, got {kind}')
        self.single_frames = False

    @property
    def test_cfg(self) -> Any:
        """The model's test configuration; RecognizerOmni has none."""
        return getattr(self.model, 'test_cfg', None) or {}

    @property
    def averaging(self) -> Any:
        """The head's ``average_clips``."""
        return self.model.cls_head.average_clips

    @property
    def unit(self) -> int:
        """Views that belong together and must not be parted."""
        parts = (self.model.cls_head, self.model.backbone)
        sizes = [getattr(part, 'num_segments', None) for part in parts]
        return max([size for size in sizes if size] + [self.test_cfg.get('num_segs', 1)])

    def predict(self, data: dict[str, Any]) -> tuple[Sequence[Any], Tensor]:
        """A stock test step: its samples, and averaged outputs (N, K)."""
        n = len(data['inputs'])
        if self.single_frames:
            data = data | {'inputs': [self._shown(x) for x in data['inputs']]}
        with head_outputs(self.model) as capture:
            samples = self.model.test_step(data)
        return samples, average_views(rows_of(capture.logits, n), self.averaging)

    def forwards(
        self, inputs: Sequence[Tensor], samples: Sequence[Any] = ()
    ) -> list[dict[str, Any]]:
        """Batches for the network of raw inputs, one tensor (V, C, ...) per sample.

        Args:
            inputs: Of each sample.
            samples: Their data samples, of which the network gets what is known besides labels;
                none: it gets nothing.
        """
        from mmaction.structures import ActionDataSample

        # Some test configurations split views and then take one sample only.
        single = self.test_cfg.get('max_testing_views')
        shown = [self._shown(x) for x in inputs]
        known = [sample.metainfo for sample in samples] or [{} for _ in shown]
        pairs = [(x, ActionDataSample(metainfo=m)) for x, m in zip(shown, known, strict=True)]
        groups = [[pair] for pair in pairs] if single else [pairs]
        return [
            {'inputs': [x for x, _ in group], 'data_samples': [sample for _, sample in group]}
            for group in groups
        ]

    def _shown(self, x: Tensor) -> Tensor:
        """Views (V, C, t, h, w) as the model takes them, where that is frames (V * t, C, h, w)."""
        return x.transpose(1, 2).flatten(0, 1) if self.single_frames and x.dim() == 5 else x


def rows_of(logits: Tensor | None, n: int) -> Tensor:
    """What the head gave for n samples, as (N, R, K).

    Raises:
        ValueError: Logits have another shape.
    """
    if not isinstance(logits, Tensor) or logits.dim() != 2 or len(logits) % n:
        kind = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        raise ValueError(f'cls_head must return logits (N * R, K), got {kind} for N = {n}')
    if logits.dtype in (torch.float16, torch.bfloat16):
        logits = logits.float()
    return logits.reshape(n, -1, logits.shape[-1])
