"""The victim: a model under test with its preprocessing, its pipeline and its test step.

Bound to samples (:class:`~mmrobust.victims.bound.BoundVictim`) it is what an attack
calls. Shapes: N samples, D outputs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from mmrobust.functional.checks import require
from mmrobust.goals import Goal, Labels
from mmrobust.registry import GOALS
from mmrobust.victims.bound import BoundSamples, BoundVictim
from mmrobust.victims.cells import CellPipeline
from mmrobust.victims.samples import Collate, Loaded, alike


@dataclass(frozen=True)
class Record:
    """What a sample's ledger line says of the predictions.

    Attributes:
        fields: Plain values by key, among them ``clean_correct`` and
            ``adversarial_correct``.
        agree: Whether the attack's last check and the test step see the same in
            the adversarial sample.
    """

    fields: Mapping[str, Any]
    agree: bool


@dataclass(frozen=True)
class SampleKind:
    """What is attacked in one space, for reports and for what is drawn and saved of it.

    Attributes:
        noun: One of them: 'video'; several have an s more.
        previews: Registered name of what draws them.
        saved_files: Registered name of what saves them; None where no file can carry them.
        frames: Whether one has several frames, which an attack may change or not.
        unit: What the size of a perturbation is counted in.
    """

    noun: str
    previews: str
    saved_files: str | None = None
    frames: bool = False
    unit: str = 'grey levels'


def both(*names: str) -> tuple[str, ...]:
    """Keys of facts that a line has of the clean and of the adversarial sample."""
    return tuple(f'{side}_{name}' for side in ('clean', 'adversarial') for name in names)


def check_victim(victim: object) -> None:
    """Raise ValueError unless ``victim`` is one: a bare model or function has to become one."""
    if not isinstance(victim, Victim | BoundVictim):
        hint = ': wrap it in mr.FunctionVictim(model)' if callable(victim) else ''
        rule = 'from mr.load_victim, or an mr.FunctionVictim'
        raise ValueError(f'victim must be {rule}, got {type(victim).__name__}{hint}')


class Victim(ABC):
    """A model, its test pipeline and its test step: it makes bound victims.

    An attack only ever holds a :class:`~mmrobust.victims.bound.BoundVictim`, of the samples
    that it attacks.

    Attributes:
        model: The network.
        space: What is perturbed, such as ``video`` or ``crop``.
        kinds: What the samples of each space are.
        raw_input: Whether its samples can be made of videos, pictures or arrays.
        joints_in_picture: Whether the labels' joints are places in the pixels.
        goal: Registered goal of an attack whose config names none.
        config: The config that it was loaded from; None for a model alone.
        arrays: Makes a data set of arrays, with the config's test pipeline; likewise.
        shapes: What the pipeline made of bare pixels, by their shape; empty at first.
        one_by_one: Whether samples differ in their number of outputs, so that each is a
            batch of its own. The model's batch may then hold several items (the
            persons of a picture), and a test step returns one data sample each.
        record_keys: Keys that ``record`` always writes, and that a report is made of.
        cells: Runs a data set's pipeline on corrupted frames; None where there are none.
        threat: Options of the threat of an attack whose config names none; None: the usual one.
        fused: What answers together: ``config``, ``checkpoint`` and ``weight`` of each, the model
            itself first; empty where it answers alone.
    """

    model: nn.Module
    space: str
    goal: str
    kinds: ClassVar[Mapping[str, SampleKind]] = {}
    raw_input: ClassVar[bool] = True
    joints_in_picture: ClassVar[bool] = True
    config: Any = None
    arrays: Callable[[Sequence[Any]], Any] | None = None
    shapes: dict[tuple[int, ...], Loaded]
    one_by_one: ClassVar[bool] = False
    record_keys: ClassVar[tuple[str, ...]] = both('correct')
    cells: ClassVar[type[CellPipeline] | None] = None
    threat: ClassVar[Mapping[str, Any] | None] = None
    fused: Sequence[Mapping[str, Any]] = ()

    @classmethod
    def named(cls, options: Mapping[str, Any]) -> str:
        """Registered name of the class that its options ask for: itself, or a variant."""
        return cls.__name__

    @property
    def kind(self) -> SampleKind:
        """What its samples are; ValueError where the class does not say."""
        where = f'{type(self).__name__}.kinds'
        require(self.space in self.kinds, where, f'of space {self.space!r}, too', [*self.kinds])
        return self.kinds[self.space]

    def own_goal(self) -> Goal:
        """The goal of an attack that was given none."""
        found: Goal = GOALS.build({'type': self.goal})
        return found

    def check_attack(self, attack: Any) -> None:  # noqa: B027
        """Raise ValueError for an attack that makes no sense here, such as one of grey levels."""

    @abstractmethod
    def install(self, dataset: Any) -> None:
        """Let a data set (without wrappers) keep what ``bind`` needs."""

    def samples(self, dataset: Any) -> Any:
        """What is attacked one by one, by index: a data set's items, or groups of them."""
        return dataset

    @staticmethod
    def collate(original: Any) -> Collate:
        """The collate function that goes with the installed pipeline."""
        return Collate(original)

    @abstractmethod
    def labels(self, data: dict[str, Any]) -> Labels:
        """Annotations of the N samples of a batch."""

    @abstractmethod
    def predict(self, data: dict[str, Any]) -> tuple[Sequence[Any], Tensor]:
        """The stock test step: data samples, and outputs (N, D)."""

    @abstractmethod
    def bind(self, samples: Sequence[Any], layouts: Sequence[Any] = ()) -> BoundVictim:
        """The victim of samples that lie in one tensor.

        Args:
            samples: Data samples of the stock batch.
            layouts: Of the samples; some victims need none.
        """

    def batches(self, loaded: Loaded) -> list[tuple[Tensor, BoundVictim, Tensor]]:
        """Samples that fit into one tensor: rows, victim, pixels (n, C, ..., H, W).

        Raises:
            ValueError: There are several samples, and they go one by one.
        """
        count, samples = len(loaded.layouts), loaded.data['data_samples']
        require(not self.one_by_one or count == 1, 'batch', 'of one sample', count)
        device = next(self.model.parameters()).device
        found = []
        for rows in alike(loaded.layouts):
            layouts = [loaded.layouts[row] for row in rows]
            pixels = torch.stack([layout.pixels() for layout in layouts]).to(device)
            theirs = samples if self.one_by_one else [samples[row] for row in rows]
            found.append((torch.tensor(rows), self.bind(theirs, layouts), pixels))
        return found

    def bind_pixels(self, pixels: Tensor) -> BoundVictim:
        """The victim of bare pixels, which no data set has loaded.

        Args:
            pixels: (N, C, ..., H, W) of what the ``space`` is.

        Raises:
            ValueError: It takes none, or of another shape.
        """
        raise ValueError(
            f'{type(self).__name__} must be given samples of a data set in space '
            f'{self.space!r}, got bare pixels'
        )

    def __call__(self, pixels: Tensor) -> Tensor:
        """Outputs (N, D) for bare pixels; see :meth:`bind_pixels`."""
        return self.bind_pixels(pixels)(pixels)

    def unlabelled(self, bound: BoundVictim, n: int) -> Labels:
        """What stands for the labels of n samples, for a goal whose reference is a prediction.

        Args:
            bound: What :meth:`bind_pixels` gave.
            n: How many samples there are.
        """
        assert isinstance(bound, BoundSamples)
        return self.labels({'data_samples': bound.data_samples})

    def render(self, layout: Any, adversarial: Tensor) -> Tensor:
        """The model's inputs for adversarial pixels (C, ..., H, W) of a sample."""
        inputs: Tensor = layout.render(adversarial)
        return inputs

    def changes(
        self, layout: Any, adversarial: Tensor, before: Tensor, after: Tensor, sample: Any = None
    ) -> Mapping[str, Any]:
        """What a sample's line says of the change beyond its norms; nothing, unless overridden.

        Args:
            layout: Of the sample.
            adversarial: Its pixels (C, ..., H, W).
            before: The model's input for the clean pixels.
            after: Likewise for the adversarial ones.
            sample: Its data sample, of the stock batch.
        """
        return {}

    @abstractmethod
    def record(self, labels: Any, clean: Tensor, adversarial: Tensor, checked: Tensor) -> Record:
        """What is written down of one sample.

        Args:
            labels: Its annotations, alone in a batch.
            clean: Outputs (1, D) of the test step on the clean sample.
            adversarial: Likewise on the adversarial one.
            checked: Outputs (1, D) of the attack's last check on the latter.
        """
