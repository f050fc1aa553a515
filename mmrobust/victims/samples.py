"""Samples on their way from the data workers to the attack, and those that fail.

A pipeline that is installed in a data set returns packed inputs with two more
keys, or a ``Failure`` in place of ending the run; ``Collate`` sorts them out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor

from mmrobust.functional import naming

LAYOUT_KEY = 'mmrobust_layout'
NAME_KEY = naming.NAME_KEY
Results = dict[str, Any]
# Spaces that follow the pipeline -> the space that does not need to.
UNFOLLOWED = {'video': 'view', 'image': 'crop'}


class RefusedError(ValueError):
    """A pipeline that cannot be followed, whatever the sample."""


class UnknownTransformError(RefusedError):
    """A transform that a space cannot follow; the message names it.

    Args:
        transform: The transform, or its name.
        reason: What it does.
        space: ``video``, or ``image`` for pictures of poses.
    """

    def __init__(self, transform: object, reason: str, space: str = 'video') -> None:
        name = transform if isinstance(transform, str) else type(transform).__name__
        super().__init__(
            f"space='{space}' cannot follow the pipeline's transform {name}: {reason}; "
            f"use space='{UNFOLLOWED[space]}', or replace the transform"
        )


class SampleLayout(Protocol):
    """What an attacker may change of one sample."""

    def pixels(self) -> Tensor:
        """The clean pixels (C, ..., H, W), uint8 for a picture."""

    @property
    def signature(self) -> tuple[object, ...]:
        """Samples with equal signatures can share a batch."""


@dataclass(frozen=True)
class Failure:
    """A sample that could not be loaded.

    Attributes:
        name: The sample's name.
        error: One line.
        refused: The pipeline cannot be followed, which ends the run; False
            for a broken file, which is only counted.
    """

    name: str
    error: str
    refused: bool = False


def channels_of(model: Any) -> int | None:
    """How many channels a model's data preprocessor takes; None where it takes any."""
    preprocessor = getattr(model, 'data_preprocessor', None)
    mean = getattr(preprocessor, 'mean', None)
    colours = getattr(preprocessor, '_channel_conversion', False)
    return 3 if colours or (mean is not None and mean.numel() == 3) else None


def check_channels(found: int, expected: int | None) -> None:
    """Raise ValueError for a grey or a transparent picture among coloured ones."""
    if expected not in (None, found):
        raise ValueError(
            f'picture must have {expected} channels, got {found}; '
            "LoadImage(color_type='color') makes three of grey and of transparent ones"
        )


@dataclass(frozen=True)
class Loaded:
    """A batch from the data workers.

    Attributes:
        data: The stock batch of the good samples, as ``test_step`` takes it.
        layouts: One per good sample.
        names: Likewise, the samples' names.
        slots: Positions (in the batch) of the good samples.
        failures: Position in the batch -> failure.
    """

    data: dict[str, Any]
    layouts: Sequence[Any]
    names: list[str]
    slots: list[int]
    failures: dict[int, Failure]

    def alone(self, row: int) -> Loaded:
        """One good sample as a batch of its own."""
        if len(self.layouts) == 1:
            # Its data may be several items, such as the persons of a picture.
            return self
        data = {key: values[row : row + 1] for key, values in self.data.items()}
        return Loaded(data, [self.layouts[row]], [self.names[row]], [self.slots[row]], {})


class Collate:
    """Collate good samples as the data loader would; carry the rest along.

    Args:
        collate: The data loader's own function.
    """

    def __init__(self, collate: Callable[[list[Any]], dict[str, Any]]) -> None:
        self.collate = collate

    def __call__(self, items: list[Results | Failure]) -> Loaded:
        """Split good samples from failures."""
        failures = {i: item for i, item in enumerate(items) if isinstance(item, Failure)}
        good = [(i, dict(item)) for i, item in enumerate(items) if not isinstance(item, Failure)]
        layouts = [item.pop(LAYOUT_KEY) for _, item in good]
        names = [item.pop(NAME_KEY) for _, item in good]
        data = self.collate([item for _, item in good]) if good else {}
        return Loaded(data, layouts, names, [i for i, _ in good], failures)


def alike(layouts: Sequence[SampleLayout]) -> list[list[int]]:
    """Positions of samples that fit into one tensor, group by group."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for row, layout in enumerate(layouts):
        groups.setdefault(layout.signature, []).append(row)
    return list(groups.values())
