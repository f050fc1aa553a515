"""The iterations of TV-L1 flow between two warps, differentiable as a whole.

Shapes: M pairs, H, W pixels; flow (M, 2, H, W), dual variable (2, M, 2, H, W)
as in :mod:`~mmrobust.functional.tvl1_iteration`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from mmrobust.functional.tvl1_iteration import (
    Cotangents,
    DataTerm,
    Iteration,
    Weights,
    adjoint,
    iterate,
)
from mmrobust.functional.tvl1_median import median_filter


class Schedule(NamedTuple):
    """How many iterations: rounds of ``inner``, each after a median filter.

    Attributes:
        inner: Iterations per round, at most.
        outer: Rounds, at most.
        epsilon: A pair is done once an iteration moves its flow by no more
            than this, as a root mean square over its pixels.
        median: Side of the median filter.
    """

    inner: int
    outer: int
    epsilon: float
    median: int


class _Round(NamedTuple):
    """Where a round began, and which pairs (M, 1, 1, 1) moved in each iteration (None: all)."""

    flow: Tensor
    dual: Tensor
    moving: list[Tensor | None]


def relax(
    flow: Tensor, dual: Tensor, data: DataTerm, weights: Weights, schedule: Schedule
) -> tuple[Tensor, Tensor]:
    """Flow and dual variable after the iterations; pairs stop one by one.

    The gradient is exact for the number of iterations that each pair made. What
    is kept for it is the state at the start of each round: the iterations of one
    round at a time are computed again on the way back.
    """
    found: tuple[Tensor, Tensor] = _Relaxation.apply(flow, dual, *data, weights, schedule)
    return found


class _Relaxation(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        flow: Tensor,
        dual: Tensor,
        offset: Tensor,
        slope: Tensor,
        gradient: Tensor,
        weights: Weights,
        schedule: Schedule,
    ) -> tuple[Tensor, Tensor]:
        data = DataTerm(offset, slope, gradient)
        rounds: list[_Round] = []
        running = [True] * len(flow)
        while any(running) and len(rounds) < schedule.outer:
            rounds.append(_Round(flow, dual, []))
            flow, dual, running = _advance(rounds[-1], running, data, weights, schedule)
        ctx.save_for_backward(*data, *(state for r in rounds for state in r[:2]))
        ctx.moving = [r.moving for r in rounds]
        ctx.constants = weights, schedule
        return flow, dual

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *bars: Tensor) -> tuple[Tensor | None, ...]:
        weights, schedule = ctx.constants
        offset, slope, gradient, *states = ctx.saved_tensors
        data = DataTerm(offset, slope, gradient)
        sums = DataTerm(*(torch.zeros_like(x) for x in data))
        # A copy, as the adjoint writes into it.
        found = Cotangents(bars[0].clone(), bars[1], sums)
        for flow, dual, moving in zip(states[-2::-2], states[::-2], ctx.moving[::-1], strict=False):
            found = _retrace(_Round(flow, dual, moving), found, data, weights, schedule)
        return found.flow, found.dual, *found.data, None, None


def _advance(
    start: _Round, running: list[bool], data: DataTerm, weights: Weights, schedule: Schedule
) -> tuple[Tensor, Tensor, list[bool]]:
    """One round: flow and dual variable after it, and which pairs go on."""
    flow, dual = start.flow, start.dual
    limit = schedule.epsilon**2 * flow[0, 0].numel()
    mask = _mask(running, flow)
    flow = _where(mask, median_filter(flow, schedule.median), flow)
    while any(running) and len(start.moving) < schedule.inner:
        start.moving.append(mask)
        done = iterate(flow, dual, data, weights)
        # In double precision, so that a pair stops where it would alone.
        change = (done.flow - flow).square_().sum(dim=(1, 2, 3), dtype=torch.float64).tolist()
        flow, dual = _where(mask, done.flow, flow), _where(mask, done.dual, dual)
        still = [r and moved > limit for r, moved in zip(running, change, strict=True)]
        if still != running:
            running, mask = still, _mask(still, flow)
    return flow, dual, running


def _retrace(
    start: _Round, bars: Cotangents, data: DataTerm, weights: Weights, schedule: Schedule
) -> Cotangents:
    """Cotangents ahead of a round from those behind it."""
    with torch.enable_grad():
        leaf = start.flow.detach().requires_grad_()
        filtered = median_filter(leaf, schedule.median)
    first = start.moving[0]
    flow, dual = _where(first, filtered.detach(), start.flow), start.dual
    tape: list[tuple[Tensor, Iteration]] = []
    for mask in start.moving:
        done = iterate(flow, dual, data, weights)
        tape.append((flow, done))
        flow, dual = _where(mask, done.flow, flow), _where(mask, done.dual, dual)
    for mask in reversed(start.moving):
        before, done = tape.pop()
        bars = _adjoint(mask, before, done, bars, data, weights)
    (through,) = torch.autograd.grad(filtered, leaf, bars.flow)
    return bars._replace(flow=_where(first, through, bars.flow))


def _adjoint(
    mask: Tensor | None,
    before: Tensor,
    done: Iteration,
    bars: Cotangents,
    data: DataTerm,
    weights: Weights,
) -> Cotangents:
    """The adjoint of an iteration that only some pairs made."""
    if mask is None:
        return adjoint(before, done, bars, data, weights)
    # Of the others, nothing reaches the data term, and the rest goes on as it is.
    moved = bars._replace(flow=bars.flow * mask, dual=bars.dual * mask)
    ahead = adjoint(before, done, moved, data, weights)
    flow, dual = _where(mask, ahead.flow, bars.flow), _where(mask, ahead.dual, bars.dual)
    return Cotangents(flow, dual, ahead.data)


def _mask(running: list[bool], like: Tensor) -> Tensor | None:
    if all(running):
        return None
    return torch.tensor(running, device=like.device).reshape(-1, 1, 1, 1)


def _where(mask: Tensor | None, chosen: Tensor, other: Tensor) -> Tensor:
    return chosen if mask is None else torch.where(mask, chosen, other)
