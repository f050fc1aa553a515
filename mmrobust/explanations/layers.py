"""What the layers of a network give during one forward, with their gradients.

Shapes: R rows of the network's input, C channels, t, h, w of a layer's grid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from mmrobust.explanations.grids import TIME_LAST, as_grid

# Where a layer is looked for that nobody has named; of a network without them, everywhere.
TRUNK = ('backbone', 'neck')


@dataclass
class Call:
    """One run of the backbone; a flip test or clips in turn make several in a forward.

    Attributes:
        given: What the backbone was given.
        outputs: What the layers gave, in their order: name and tensors.
    """

    given: Tensor
    outputs: list[tuple[str, list[Tensor]]] = field(default_factory=list)


def stem_of(model: nn.Module) -> nn.Module:
    """The backbone, or the network itself where it names none."""
    found = getattr(model, 'backbone', None)
    return found if isinstance(found, nn.Module) else model


@contextmanager
def recorded(model: nn.Module) -> Iterator[list[Call]]:
    """Inside, runs of the backbone with the outputs of all layers; hooks are gone afterwards."""
    calls: list[Call] = []
    names = {module: name for name, module in model.named_modules()}

    def begin(module: nn.Module, inputs: Any) -> None:
        calls.extend(Call(one) for one in tensors(inputs)[:1])

    def see(module: nn.Module, inputs: Any, output: Any) -> None:
        if calls:
            found = [one for one in tensors(output) if one.requires_grad]
            calls[-1].outputs.append((names[module], found))

    handles = [stem_of(model).register_forward_pre_hook(begin)]
    try:
        handles += [module.register_forward_hook(see) for module in names]
        yield calls
    finally:
        for handle in handles:
            handle.remove()


def tensors(value: Any) -> list[Tensor]:
    """The tensors in a module's arguments or output, in order."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, Mapping):
        value = list(value.values())
    return (
        [one for part in value for one in tensors(part)] if isinstance(value, list | tuple) else []
    )


@dataclass(frozen=True)
class Features:
    """A layer's output with its gradient, both (R, C, t, h, w), and the backbone's input."""

    name: str
    given: Tensor
    values: Tensor
    slopes: Tensor


def features(model: nn.Module, calls: list[Call], score: Tensor, layer: str) -> list[Features]:
    """A layer's features in each call.

    Args:
        model: The network.
        calls: Of the forward that gave the score.
        score: One number.
        layer: The layer's name; '' for the last one of backbone and neck that gives features on
            a grid on which the score depends, and is no projection inside of a block (where a
            head looks at a class token alone, what the last block gives for other places has no
            effect any more: it is the norm before its attention then).

    Raises:
        ValueError: There is no such layer, or it gives nothing of the kind.
    """
    # A victim may run its network to measure it, and the score knows nothing of that.
    behind = [call for call in calls if _slopes(score, [call.given])[0] is not None]
    outputs = [one for call in behind for _, some in call.outputs for one in some]
    if not outputs:
        raise ValueError(NOTHING)
    slopes = iter(_slopes(score, outputs))
    time_last = type(stem_of(model)).__name__ in TIME_LAST
    return [_chosen(model, _on_grids(call, slopes, time_last), layer) for call in behind]


def _slopes(score: Tensor, values: list[Tensor]) -> tuple[Tensor | None, ...]:
    """Of the score in each value; None where it knows nothing of one."""
    known = [value for value in values if value.requires_grad]
    if len(known) < len(values):
        return (None,) * len(values)
    return torch.autograd.grad(score, values, allow_unused=True, retain_graph=True)


def _on_grids(call: Call, slopes: Iterator[Tensor | None], time_last: bool) -> list[Features]:
    """The layers of a call that give features on a grid, in their order."""
    found = []
    for name, some in call.outputs:
        grids = [
            Features(name, call.given, values.detach(), grid)
            for output, slope in zip(some, [next(slopes) for _ in some], strict=True)
            if slope is not None
            and (values := as_grid(output, call.given, time_last)) is not None
            and (grid := as_grid(slope, call.given, time_last)) is not None
            and bool(grid.any())
        ]
        # Of several that a layer gives at once, the first.
        found += grids[:1]
    return found


NOTHING = (
    'layer must be a part of the network that a gradient passes on its way from the pixels, got '
    'none: a backbone that gives no tensors, or clips that were run again to save memory '
    '(victim.memory_limit)'
)
SHOWN = 8


def _chosen(model: nn.Module, found: list[Features], layer: str) -> Features:
    """The layer of that name, or the last one of the trunk."""
    roots = tuple(root for root in TRUNK if getattr(model, root, None) is not None)
    own = [one for one in found if not roots or one.name.split('.')[0] in roots]
    own = [one for one in own if not isinstance(model.get_submodule(one.name), nn.Linear)]
    if layer:
        own = [one for one in found if one.name == layer]
    if not own:
        names = list(dict.fromkeys(one.name or 'the network' for one in found))
        if not names:
            raise ValueError(NOTHING)
        shown = ', '.join(names[-SHOWN:])
        raise ValueError(
            f'layer must be one that gives features on a grid on which the score depends, got '
            f'{layer!r}; the last ones: {shown}'
        )
    return own[-1]
