"""Count what an attack costs, per sample, whatever it does.

An attack never holds the victim itself but this victim round it: every call
counts a forward for every sample in it, and every gradient that flows back
through the outputs counts a backward.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from typing import Protocol

import torch
from torch import Tensor, nn

from mmrobust.victims.bound import BoundVictim, Clip


class AnswerLog(Protocol):
    """Keeps the answers to a sample's queries, so that a broken run can go on."""

    def read(self) -> Tensor | None:
        """Answers (M, K) of an earlier run, in the order of the queries; None of none."""

    def append(self, answers: Tensor) -> None:
        """Keep answers (B, K) to the next queries."""


class Counters:
    """Costs and flags for the N samples of an attack.

    Attributes:
        forwards: (N,) victim calls.
        backwards: (N,) gradients taken.
        queries: (N,) what a black box was asked: by a query attack, or as another victim
            that decides on success.
        flags: Per sample, such as ``zero_gradient``.
        measures: Numbers per sample that an attack reports of itself.
        notes: Words per sample, likewise.
        timing: Seconds and shares of calls per sample; not reproducible.
        seen: (N,) bool, where an attack saw success in passing, perhaps before rounding.
        clean: (N, K), outputs for the clean pixels; None before they are known.
        answers: Row -> log-probabilities (K,) that a query attack was given for
            what it returned; another answer to the same pixels raises a flag.
        clean_answers: Row -> log-probabilities (K,) for the clean pixels, likewise.
        shown: What a query attack is shown of the victim's outputs (N, K).
    """

    def __init__(self, n: int) -> None:
        self.forwards = torch.zeros(n, dtype=torch.long)
        self.backwards = torch.zeros(n, dtype=torch.long)
        self.queries = torch.zeros(n, dtype=torch.long)
        self.flags: list[set[str]] = [set() for _ in range(n)]
        self.measures: list[dict[str, float]] = [{} for _ in range(n)]
        self.notes: list[dict[str, str]] = [{} for _ in range(n)]
        self.timing: list[dict[str, float]] = [{} for _ in range(n)]
        self.seen = torch.zeros(n, dtype=torch.bool)
        self.clean: Tensor | None = None
        self.answers: dict[int, Tensor] = {}
        self.clean_answers: dict[int, Tensor] = {}
        self.shown: Callable[[Tensor], Tensor] = partial(torch.log_softmax, dim=1)

    def flag(self, name: str, mask: Tensor) -> None:
        """Raise flag ``name`` on the samples where ``mask`` (N,) is true."""
        for row in mask.nonzero().squeeze(1).tolist():
            self.flags[row].add(name)


class CountingVictim(BoundVictim):
    """A victim whose use is counted.

    Args:
        victim: The victim, bound to the samples ``rows``.
        counters: Where to count; shared by all selections.
        rows: Indices (N,) of the samples in the counters.
        success_on: Another victim, bound to the same samples, that decides on
            success; its calls are queries.
        answer_logs: By row of the counters, where the answers to queries are kept.
    """

    def __init__(
        self,
        victim: BoundVictim,
        counters: Counters,
        rows: Tensor,
        success_on: BoundVictim | None = None,
        answer_logs: Sequence[AnswerLog] | None = None,
    ) -> None:
        self.victim, self.counters, self.rows = victim, counters, rows
        self.success_on, self.answer_logs = success_on, answer_logs
        self.bounds, self.dtype, self.grid = victim.bounds, victim.dtype, victim.grid
        self.picture, self.settles = victim.picture, victim.settles

    def __call__(self, pixels: Tensor) -> Tensor:
        """Outputs (N, K) of the victim, counted."""
        self._count(pixels, self.counters.forwards)
        # A copy: some functions normalise their input in place.
        outputs = self.victim(pixels.clone())
        self._flag_unsound(outputs)
        if outputs.requires_grad:
            outputs.register_hook(self._count_backward)
        return outputs

    def verdict(self, pixels: Tensor) -> Tensor:
        """Outputs (N, K), without gradient, of the victim that decides on success."""
        with torch.no_grad():
            if self.success_on is not None:
                self._count(pixels, self.counters.queries)
                return self.success_on(pixels.clone())
            self._count(pixels, self.counters.forwards)
            outputs = self.victim(pixels.clone())
        self._flag_unsound(outputs)
        return outputs

    def settled(self, pixels: Tensor, clean: Tensor) -> Tensor:
        """As the victim says."""
        return self.victim.settled(pixels, clean)

    @property
    def span(self) -> float:
        """As the victim says."""
        return self.victim.span

    def _count(self, pixels: Tensor, counter: Tensor) -> None:
        """Count a call; ValueError unless it shows this victim's samples."""
        if len(pixels) != len(self.rows):
            raise ValueError(
                f'pixels must hold the {len(self.rows)} samples of this victim, got {len(pixels)}'
            )
        # A sample may stand in a batch more than once.
        counter.index_add_(0, self.rows, torch.ones_like(self.rows))

    def _flag_unsound(self, outputs: Tensor) -> None:
        self.flag('not_finite', ~outputs.detach().isfinite().flatten(1).all(dim=1))

    def _count_backward(self, gradient: Tensor) -> None:
        # Samples whose outputs the loss left out took no gradient.
        taken = self.rows[(gradient != 0).flatten(1).any(dim=1).cpu()]
        self.counters.backwards.index_add_(0, taken, torch.ones_like(taken))

    def flag(self, name: str, mask: Tensor) -> None:
        """Raise flag ``name`` on the samples where ``mask`` (N,) is true."""
        for row in self.rows[mask.cpu()].tolist():
            self.counters.flags[row].add(name)

    def saw_success(self, mask: Tensor) -> None:
        """Take note that samples (N,) succeeded as they stood, whatever becomes of them."""
        self.counters.seen[self.rows[mask.cpu()]] = True

    def select(self, rows: Tensor) -> CountingVictim:
        """The victim of some of the samples; counts go to the same counters."""
        rows = rows.cpu()
        success_victim = None if self.success_on is None else self.success_on.select(rows)
        victim = self.victim.select(rows)
        return CountingVictim(
            victim, self.counters, self.rows[rows], success_victim, self.answer_logs
        )

    def without_logs(self) -> CountingVictim:
        """The same victim, for a search whose answers nobody keeps."""
        return CountingVictim(self.victim, self.counters, self.rows, self.success_on)

    def counted_apart(self) -> CountingVictim:
        """The same samples with counters of their own, for what is no part of the attack."""
        rows = torch.arange(len(self.rows))
        apart = CountingVictim(self.victim, Counters(len(rows)), rows, self.success_on)
        apart.counters.clean = self.clean_outputs
        return apart

    @property
    def clean_outputs(self) -> Tensor:
        """Outputs (N, K) for the clean pixels, of the victim that decides on success."""
        assert self.counters.clean is not None, 'known before an attack runs'
        return self.counters.clean[self.rows.to(self.counters.clean.device)]

    @property
    def model(self) -> nn.Module | None:
        """The network inside."""
        return self.victim.model

    def incremental(self) -> AbstractContextManager[object]:
        """Both victims may reuse what unchanged frames lead to."""
        stack = ExitStack()
        for victim in filter(None, (self.victim, self.success_on)):
            stack.enter_context(victim.incremental())
        return stack

    def clips(self) -> Sequence[Clip]:
        """The victim's clips, each counted in the same counters."""
        own = self.victim.clips()
        success_victims: list[BoundVictim | None] = [None] * len(own)
        if self.success_on is not None:
            success_victims = [clip.victim for clip in self.success_on.clips()]
            if len(success_victims) != len(own):
                raise ValueError(
                    f'both victims must cut a video into the same clips, got {len(own)} '
                    f'and {len(success_victims)}'
                )
        pairs = zip(own, success_victims, strict=True)
        counters, rows = self.counters, self.rows
        return [Clip(CountingVictim(c.victim, counters, rows, j), c.frames) for c, j in pairs]
