"""Does a deployed network answer as the model does that it was made of?

Shapes: N samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmrobust.engine.exporting import DeployedPart
from mmrobust.engine.replay import Played
from mmrobust.functional.checks import require
from mmrobust.victims.deployed.network import ForeignNetwork

# Of the largest output: beyond it, single precision is no reason.
BOUND = 1e-4


@dataclass(frozen=True)
class Comparison:
    """What differs between a model and its deployed network.

    Attributes:
        outputs: Output -> largest difference, in shares of the largest value.
        samples: On how many samples.
        predictions: How many classes differ; None of poses.
        joints: The furthest joint, pixels of the picture; None of classes.
        metrics: Name -> both values, where they differ.
    """

    outputs: Mapping[str, float]
    samples: int
    predictions: int | None
    joints: float | None
    metrics: Mapping[str, tuple[float, float]]

    @property
    def within(self) -> bool:
        """Whether the outputs agree to single precision."""
        return all(value <= BOUND for value in self.outputs.values())


def outputs_apart(part: DeployedPart, network: ForeignNetwork, inputs: Tensor) -> dict[str, float]:
    """Largest difference of each output, in shares of its largest value; inf where shapes differ.

    Args:
        part: The model's own network.
        network: The deployed one.
        inputs: (N, ...).
    """
    with torch.no_grad():
        own = part(inputs)
    own = own if isinstance(own, tuple | list) else [own]
    found = network(inputs)
    rule = f'{len(own)} outputs, as the model'
    require(len(found) == len(own), 'the deployed network', rule, [*found])
    apart = {}
    for wanted, (name, got) in zip(own, found.items(), strict=True):
        alike = wanted.shape == got.shape
        scale = float(wanted.abs().max()) or 1.0
        apart[name] = float((wanted - got).abs().max()) / scale if alike else float('inf')
    return apart


def predictions_apart(own: Played, deployed: Played) -> dict[str, Any]:
    """Classes or joints that differ, and metrics; see :class:`Comparison`."""
    pairs = list(zip(own.predictions, deployed.predictions, strict=True))
    metrics = {
        name: (value, deployed.metrics[name])
        for name, value in own.metrics.items()
        if not _same(value, deployed.metrics[name])
    }
    if 'label' in pairs[0][0]:
        wrong = sum(one['label'] != other['label'] for one, other in pairs)
        return {'predictions': wrong, 'joints': None, 'metrics': metrics}
    both = [[np.asarray(one['joints'], np.float64) for one in pair] for pair in pairs]
    furthest = max(float(np.linalg.norm(a - b, axis=-1).max()) for a, b in both)
    return {'predictions': None, 'joints': furthest, 'metrics': metrics}


def _same(value: Any, other: Any) -> bool:
    return bool(np.allclose(value, other, rtol=1e-6, atol=1e-9, equal_nan=True))
