"""What is seen of an attack run while it goes on: clean answers, gradients, both of its paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.structures import BaseDataElement
from torch import Tensor

from mmrobust.attacks.loop_state import LoopState
from mmrobust.attacks.pgd import PGD
from mmrobust.engine.attack_loop import AttackTestLoop
from mmrobust.ledger.ledger_files import Entry
from mmrobust.registry import ATTACKS, LOOPS
from mmrobust.victims.samples import Loaded

Answers = dict[str, Tensor]


@dataclass
class Seen:
    """What one run showed.

    Attributes:
        clean: Predictions of the victim's test step, sample by sample.
        difference: Most that the differentiable path is away from it, as a share of the
            largest output.
        gradients: Lengths of the goal's gradients, at the attack's start.
        plain: The longest gradient of the bare network, where one of the goal's is zero.
    """

    clean: list[Answers] = field(default_factory=list)
    difference: float = 0.0
    gradients: list[float] = field(default_factory=list)
    plain: float | None = None


@ATTACKS.register_module()
class WatchedPGD(PGD):
    """PGD, whose gradients are written down."""

    def gradient(self, state: LoopState) -> tuple[Tensor, Tensor]:
        """As every loop's; one that is not finite has a flag, and zeros in its place."""
        outputs, gradient = super().gradient(state)
        WatchedLoop.seen.gradients += gradient.flatten(1).double().norm(dim=1).tolist()
        return outputs, gradient


@LOOPS.register_module()
class WatchedLoop(AttackTestLoop):
    """The loop of an attack run, which is watched batch by batch."""

    seen = Seen()

    @torch.no_grad()
    def run_iter(self, idx: int, loaded: Loaded, indices: Sequence[int]) -> list[Entry]:
        """See the loop's own."""
        seen, stock_step = WatchedLoop.seen, self.victim.predict
        steps: list[tuple[Sequence[Any], Tensor]] = []

        def watched(data: dict[str, Any]) -> tuple[Sequence[Any], Tensor]:
            steps.append(stock_step(data))
            return steps[-1]

        with patch.object(self.victim, 'predict', watched):
            entries = super().run_iter(idx, loaded, indices)
        # The first step is that on the clean samples.
        samples, outputs = steps[0]
        seen.clean += [answers(sample) for sample in samples]
        for rows, bound, pixels in self.victim.batches(loaded):
            given = pixels if pixels.is_floating_point() else pixels.float()
            found, expected = bound(given), outputs[rows.to(outputs.device)]
            largest = float(expected.abs().max()) or 1.0
            away = float((found - expected).abs().max()) / largest
            seen.difference = max(seen.difference, away)
        if any(length == 0 for length in seen.gradients):
            length = plain_gradient(self.victim.model, loaded.data)
            seen.plain = max(seen.plain or 0.0, length)
        return entries


class Listener(Hook):
    """Keeps the predictions of a stock test."""

    def __init__(self) -> None:
        self.found: list[Answers] = []

    def after_test_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Of each batch."""
        self.found += [answers(sample) for sample in outputs]


def answers(sample: Any) -> Answers:
    """What a model predicted of a sample, by dotted names."""
    return dict(_predicted(sample, ''))


def _predicted(value: Any, name: str) -> Iterator[tuple[str, Tensor]]:
    if isinstance(value, BaseDataElement | Mapping):
        for key, inner in value.items():
            if name or str(key).startswith('pred'):
                yield from _predicted(inner, f'{name}.{key}' if name else str(key))
    elif isinstance(value, Tensor | np.ndarray):
        yield name, torch.as_tensor(value).detach().clone()


def apart(ours: Sequence[Answers], theirs: Sequence[Answers]) -> float:
    """The largest difference between predictions; infinite where they are not of one kind."""
    if len(ours) != len(theirs):
        return float('inf')
    most = 0.0
    for mine, other in zip(ours, theirs, strict=True):
        if mine.keys() != other.keys():
            return float('inf')
        for key, value in mine.items():
            if value.shape != other[key].shape:
                return float('inf')
            if not torch.equal(value, other[key]):
                gap = (value.double() - other[key].double()).abs().nan_to_num(0.0)
                most = max(most, float(gap.max()))
    return most


def plain_gradient(model: Any, data: Mapping[str, Any]) -> float:
    """Length of the gradient of what the network itself gives, in the stock inputs.

    Of the sum of squares of all that ``mode='tensor'`` returns: no goal, layout or view of
    this project has a part in it.

    Args:
        model: As built.
        data: The stock batch.
    """
    with torch.enable_grad():
        leaves = [x.detach().float().clone().requires_grad_() for x in data['inputs']]
        given = model.data_preprocessor({**data, 'inputs': leaves}, False)
        found = model._run_forward(given, mode='tensor')
        total = torch.stack([part.pow(2).sum() for part in _tensors(found)]).sum()
        gradients = torch.autograd.grad(total, leaves, allow_unused=True)
    return max(float(g.double().norm()) if g is not None else 0.0 for g in gradients)


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        if value.requires_grad:
            yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _tensors(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _tensors(inner)
