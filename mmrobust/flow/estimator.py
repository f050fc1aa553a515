"""Optical flow behind one interface.

Shapes: N clips, T frames, H, W pixels, M pairs of frames. Frames hold RGB
values 0..255; flow holds (horizontal, vertical) displacements in pixels, from
a frame to the next one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

import torch
from torch import Tensor, nn

from mmrobust.flow.memo import PairMemo
from mmrobust.functional.checks import require


class FlowEstimator(nn.Module, ABC):
    """Frames (N, T, 3, H, W), 0..255, to flow (N, T-1, 2, H, W) in pixels.

    A subclass writes ``estimate`` alone, and says in ``differentiable`` whether
    gradients pass through it. Pairs do not mix: the flow of one pair is what it
    would be alone.

    Args:
        backward: For an estimator that gradients do not pass through: another
            estimator whose gradient stands in for the missing one (BPDA:
            Athalye, Carlini and Wagner 2018, arXiv:1802.00420, section 4.1.2).
            The flow itself stays this estimator's.

    Attributes:
        differentiable: Whether ``estimate`` has a gradient of its own.
    """

    differentiable: ClassVar[bool]

    def __init__(self, backward: FlowEstimator | None = None) -> None:
        super().__init__()
        if backward is not None:
            require(not self.differentiable, 'backward', 'None: this one has a gradient', backward)
            usable = isinstance(backward, FlowEstimator) and backward.differentiable
            require(usable, 'backward', 'a differentiable flow estimator', backward)
        self.backward = backward
        self._memo: PairMemo | None = None

    @abstractmethod
    def estimate(self, first: Tensor, second: Tensor) -> Tensor:
        """Flow (M, 2, H, W) from ``first`` to ``second``, each (M, 3, H, W).

        Sides of any size. Without a gradient of its own, it receives detached
        tensors and may leave PyTorch.
        """

    def forward(self, frames: Tensor) -> Tensor:
        """Flow (N, T-1, 2, H, W) between neighbouring frames (N, T, 3, H, W).

        Raises:
            ValueError: No RGB clips of at least two frames, or a gradient is
                asked for where there is none.
        """
        fits = frames.dim() == 5 and frames.shape[2] == 3 and frames.shape[1] >= 2
        require(fits, 'frames', 'clips (N, T, 3, H, W) with T >= 2', tuple(frames.shape))
        return self.pairs(frames[:, :-1], frames[:, 1:])

    def pairs(self, first: Tensor, second: Tensor) -> Tensor:
        """Flow (N, P, 2, H, W) of P pairs per clip, each (N, P, 3, H, W)."""
        shape = first.shape
        same = shape == second.shape
        require(same, 'second', f'frames of one shape, {tuple(shape)}', tuple(second.shape))
        if not first.is_floating_point():
            # Flow is no whole number, and has a sign.
            first, second = first.float(), second.float()
        flat, other = first.flatten(0, 1), second.flatten(0, 1)
        needed = torch.is_grad_enabled() and (flat.requires_grad or other.requires_grad)
        if needed and not self.differentiable and self.backward is None:
            raise ValueError(
                f'{type(self).__name__} has no gradient; name a differentiable estimator '
                'whose gradient stands in for it (backward=...), or attack through another one'
            )
        compute = self._pairs if self._memo is None else self._memo
        flow = compute(flat, other)
        return flow.reshape(*shape[:2], 2, *shape[3:])

    def _pairs(self, first: Tensor, second: Tensor) -> Tensor:
        """``estimate``, with the stand-in's gradient where one is needed."""
        if self.differentiable:
            return self.estimate(first, second)
        with torch.no_grad():
            flow = self.estimate(first.detach(), second.detach()).to(first.device)
            # Half precision would round flow; what is wider stays as wide.
            flow = flow.to(torch.promote_types(first.dtype, torch.float32))
        if self.backward is None or not torch.is_grad_enabled():
            return flow
        if not (first.requires_grad or second.requires_grad):
            return flow
        stand_in = self.backward.estimate(first, second)
        return flow + (stand_in - stand_in.detach())

    @contextmanager
    def incremental(self) -> Iterator[PairMemo]:
        """Inside, a pair of frames that was seen before is not computed again.

        Flow and gradients are those of the full computation: what is kept for
        a pair is its flow and, once a gradient was asked for, its graph.
        """
        if self._memo is not None:
            yield self._memo
            return
        self._memo = PairMemo(self._pairs)
        try:
            yield self._memo
        finally:
            self._memo = None
