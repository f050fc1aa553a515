"""A network of another runtime in the place of a model's backbone.

Shapes: N samples.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mmrobust.functional.checks import require
from mmrobust.registry import MODELS, RUNTIMES
from mmrobust.victims.deployed.runtimes.base import Runtime

# Of the largest output: more than this is no rounding of another batch size.
MIXED = 1e-2


@MODELS.register_module()
class ForeignNetwork(nn.Module):
    """What a deployed network answers, as tensors by name; there is no gradient.

    Graphs that were traced with one sample may mix the samples of a batch: they return one row
    for several, or other rows than for each alone. Both are found out at the first batch, and
    such a network is asked one by one.

    Args:
        runtime: A :class:`~mmrobust.victims.deployed.runtimes.base.Runtime` or its config.
    """

    # No views may be parted: a deployed recogniser averages over them inside.
    num_segments = 10**6

    def __init__(self, runtime: Runtime | Mapping[str, Any]) -> None:
        super().__init__()
        built: Any = runtime if isinstance(runtime, Runtime) else RUNTIMES.build(dict(runtime))
        self.runtime: Runtime = built
        self.alone = self.runtime.batch == 1
        self._checked = self.runtime.batch is not None
        # Where tensors are put together is read from a model's parameters.
        self.place = nn.Parameter(torch.zeros(()), requires_grad=False)

    def init_weights(self) -> None:
        """There are none."""

    def forward(self, inputs: Tensor) -> dict[str, Tensor]:
        """Outputs by name, each (N, ...).

        Args:
            inputs: (N, C, ...) or (N, V, C, ...), as the config's data preprocessor made them.

        Raises:
            ValueError: The network does not take them, or does not return a row for each.
        """
        array = np.ascontiguousarray(inputs.detach().cpu().numpy(), dtype=self.runtime.dtype)
        found = self._asked(array)
        return {name: torch.from_numpy(one).to(inputs.device) for name, one in found.items()}

    def _asked(self, array: NDArray[Any]) -> dict[str, NDArray[Any]]:
        size = 1 if self.alone else self.runtime.batch or len(array)
        if size == len(array) > 1:
            found = dict(self.runtime(array))
            if self._checked or not self._mixes(array, found):
                return found
            size = 1
        parts = [self._rows(array[at : at + size], size) for at in range(0, len(array), size)]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _rows(self, array: NDArray[Any], size: int) -> dict[str, NDArray[Any]]:
        """Answers to one call's samples; a call of a fixed size is filled up."""
        full = np.concatenate([array, np.repeat(array[-1:], size - len(array), axis=0)])
        found = dict(self.runtime(full))
        wrong = {name: one.shape for name, one in found.items() if one.shape[:1] != (size,)}
        rule = f'with a row for each sample of {size} ({self.runtime.says})'
        require(not wrong, 'the outputs of the deployed network', rule, wrong)
        return {name: one[: len(array)] for name, one in found.items()}

    def _mixes(self, array: NDArray[Any], found: Mapping[str, NDArray[Any]]) -> bool:
        """Whether the first sample gets another answer alone: then all are asked alone."""
        self._checked = True
        alone = self._rows(array[:1], 1)
        mixed = [k for k, one in found.items() if not _first_is(one, alone[k], len(array))]
        if mixed:
            self.alone = True
            warnings.warn(
                f'the deployed network mixes the samples of a batch (its {mixed[0]} is another '
                'for a sample alone): each is asked alone',
                stacklevel=2,
            )
        return bool(mixed)


def _first_is(rows: NDArray[Any], alone: NDArray[Any], count: int) -> bool:
    """Whether the first of so many rows is what the sample got alone, to rounding."""
    if len(rows) != count or rows.shape[1:] != alone.shape[1:]:
        return False
    slack = MIXED * float(np.abs(alone).max(initial=0.0))
    return bool(np.allclose(rows[:1], alone, rtol=0, atol=slack, equal_nan=True))
