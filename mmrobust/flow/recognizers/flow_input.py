"""What turns a flow recogniser of MMAction2 into one that sees raw frames.

Shapes: N videos, M clips of each (views), T flow fields of a clip, F frames
(T + 1, or 2T as pairs), H, W pixels.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Literal

import torch
from mmaction.models.recognizers import BaseRecognizer
from torch import Tensor, nn

from mmrobust.flow.estimator import FlowEstimator
from mmrobust.flow.memo import PairMemo
from mmrobust.functional.checks import finite, require
from mmrobust.functional.flow_encoding import encode
from mmrobust.registry import FLOWS

Options = dict[str, Any]
# Without a gradient, flow is computed for so many pairs at a time: a test with
# 250 views has 1250 of them.
PAIRS_AT_ONCE = 64


class FlowInput(BaseRecognizer):
    """Frames (N, M, 3, F, H, W), 0..255, are turned into flow before the backbone.

    Flow of neighbouring frames, clipped to ``bound`` pixels and written in 8
    bits as flow images are, then ``(x - flow_mean) / flow_std``. All modes and
    the gradient pass through here. The estimator is no submodule: weights have
    the names that they have in the plain recogniser, so that checkpoints of
    flow models load, and the estimator is neither trained nor saved. It moves
    with the model all the same, and is always in evaluation mode.

    Official setting: MMAction2's flow configs and the flow images that its
    scripts make: bound 20, mean and standard deviation 128.

    Args:
        backbone: As in MMAction2; so are the next five.
        cls_head: The head.
        neck: The neck.
        train_cfg: Options in training.
        test_cfg: Options in tests.
        data_preprocessor: Must leave frames as they are: no mean, no std.
        flow_estimator: A :class:`~mmrobust.flow.estimator.FlowEstimator` or
            its config.
        bound: Largest displacement that 8 bits hold, pixels.
        rounding: 'round' (denseflow) or 'truncate' (MMAction2's own script).
        flow_mean: Grey level that becomes 0.
        flow_std: Grey levels that become 1.
        sampling: 'stack': F = T + 1 frames, flow of each to the next.
            'pairs': F = 2T frames, flow of frame 0 to 1, 2 to 3 and so on
            (:class:`~mmrobust.datasets.transforms.sample_pairs.SamplePairs`).

    Raises:
        ValueError: An option is out of range, the data preprocessor changes
            the frames, or the backbone cannot take flow.
    """

    def __init__(
        self,
        backbone: Options,
        cls_head: Options | None = None,
        neck: Options | None = None,
        train_cfg: Options | None = None,
        test_cfg: Options | None = None,
        data_preprocessor: Options | None = None,
        *,
        flow_estimator: FlowEstimator | Options,
        bound: float = 20.0,
        rounding: Literal['round', 'truncate'] = 'round',
        flow_mean: float = 128.0,
        flow_std: float = 128.0,
        sampling: Literal['stack', 'pairs'] = 'stack',
    ) -> None:
        require(finite(bound) and bound > 0, 'bound', 'a number of pixels > 0', bound)
        require(rounding in ('round', 'truncate'), 'rounding', 'round or truncate', rounding)
        require(finite(flow_mean), 'flow_mean', 'a number', flow_mean)
        require(finite(flow_std) and flow_std > 0, 'flow_std', 'a number > 0', flow_std)
        require(sampling in ('stack', 'pairs'), 'sampling', 'stack or pairs', sampling)
        super().__init__(backbone, cls_head, neck, train_cfg, test_cfg, data_preprocessor)
        require_raw(self.data_preprocessor)
        self.bound, self.rounding, self.sampling = bound, rounding, sampling
        self.flow_mean, self.flow_std = flow_mean, flow_std
        ready = isinstance(flow_estimator, FlowEstimator)
        estimator: Any = flow_estimator if ready else FLOWS.build(flow_estimator)
        # In a tuple, where nn.Module does not look for submodules.
        self._estimator: tuple[FlowEstimator] = (estimator.eval().requires_grad_(False),)
        convolutions = (m for m in self.backbone.modules() if isinstance(m, (nn.Conv2d, nn.Conv3d)))
        first = next(convolutions, None)
        self.channels: int | None = None if first is None else first.in_channels
        self.check_backbone()

    @property
    def flow_estimator(self) -> FlowEstimator:
        """The estimator."""
        return self._estimator[0]

    def incremental(self) -> AbstractContextManager[PairMemo]:
        """Inside, flow of a pair of frames that was seen before is not computed again."""
        return self.flow_estimator.incremental()

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> FlowInput:
        """Let ``.to()``, ``.cuda()`` and ``.double()`` reach the estimator."""
        self.flow_estimator._apply(fn, recurse)
        moved: FlowInput = super()._apply(fn, recurse)
        return moved

    def extract_feat(
        self,
        inputs: Tensor,
        stage: str = 'neck',
        data_samples: list[Any] | None = None,
        test_mode: bool = False,
    ) -> tuple[Any, Options]:
        """Features of the frames' flow.

        Args:
            inputs: Frames (N, M, 3, F, H, W), RGB, 0..255.
            stage: As in MMAction2; so are the others.
            data_samples: Annotations.
            test_mode: Whether in a test.

        Raises:
            ValueError: No clips of RGB frames, or not as many as the backbone
                takes.
        """
        self.check(inputs)
        images = self.arrange(self.flow_images(inputs))
        normalised = (images - self.flow_mean) / self.flow_std
        features, options = super().extract_feat(normalised, stage, data_samples, test_mode)
        return features, options

    @abstractmethod
    def check_backbone(self) -> None:
        """Refuse a backbone that takes no flow."""

    @abstractmethod
    def arrange(self, images: Tensor) -> Tensor:
        """Flow images (N, M, T, 2, H, W) as the backbone takes them."""

    def check(self, inputs: Tensor) -> None:
        """Refuse what are no clips of frames (N, M, 3, F, H, W)."""
        shape = tuple(inputs.shape)
        if inputs.dim() != 6 or shape[2] != 3 or shape[3] < 2:
            raise ValueError(
                'inputs must be clips (N, M, 3, F, H, W) of F >= 2 RGB frames, got '
                f"{shape}; sample with clip_len >= 2 and FormatShape(input_format='NCTHW')"
            )
        if self.sampling == 'pairs' and shape[3] % 2:
            raise ValueError(
                f"sampling='pairs' takes an even number of frames, got {shape[3]}; "
                'sample with mmrobust.SamplePairs'
            )

    def flow(self, inputs: Tensor) -> Tensor:
        """Flow (N, M, T, 2, H, W), pixels, of frames (N, M, 3, F, H, W)."""
        frames = inputs.flatten(0, 1).transpose(1, 2)
        if self.sampling == 'pairs':
            first, second = frames[:, ::2], frames[:, 1::2]
        else:
            first, second = frames[:, :-1], frames[:, 1:]
        if torch.is_grad_enabled() and inputs.requires_grad:
            found = self.flow_estimator.pairs(first, second)
        else:
            clips = max(1, PAIRS_AT_ONCE // first.shape[1])
            chunks = zip(first.split(clips), second.split(clips), strict=True)
            with torch.no_grad():
                found = torch.cat([self.flow_estimator.pairs(a, b) for a, b in chunks])
        return found.to(inputs.dtype).unflatten(0, inputs.shape[:2])

    def flow_images(self, inputs: Tensor) -> Tensor:
        """The same in 8 bits, 0..255; the gradient passes through the rounding."""
        return encode(self.flow(inputs), self.bound, self.rounding)


def require_raw(preprocessor: Any, used: str = 'flow is computed from') -> None:
    """Refuse a data preprocessor that normalises; ``used`` says what frames are for."""
    mean = getattr(preprocessor, 'mean', None)
    if mean is not None:
        raise ValueError(
            f'data_preprocessor must have no mean and std, as {used} frames of '
            f'0..255, got mean {mean.flatten().tolist()[:3]}; write data_preprocessor=dict('
            "_delete_=True, type='ActionDataPreprocessor', format_shape='NCTHW')"
        )
