"""A test loop that writes a line for each sample as it finishes, and goes on from such lines."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from numbers import Real
from pathlib import Path
from typing import Any, ClassVar, Protocol

from mmengine.dist import all_gather_object, barrier, get_dist_info
from mmengine.runner import TestLoop

from mmrobust.compat import healed
from mmrobust.datasets.wrappers import clipped
from mmrobust.engine.built_data import EMPTY, naming_files
from mmrobust.engine.checkpoint_guard import CheckpointGuard
from mmrobust.engine.data import pending
from mmrobust.engine.progress import Progress, metrics_unnoted
from mmrobust.engine.sample_loop import attack_samples, loaded_ones
from mmrobust.engine.settings import RunSettings
from mmrobust.engine.victims import build_victim
from mmrobust.io.model_config import check_model
from mmrobust.ledger.ledger import Ledger
from mmrobust.ledger.ledger_files import Entry
from mmrobust.ledger.lock import alone_in
from mmrobust.ledger.sample_files import SampleFiles
from mmrobust.victims.samples import Loaded


class Leavings(Protocol):
    """What a run leaves beside its ledger.

    Attributes:
        folders: Where it writes, the work directory first.
    """

    folders: list[Path]

    def complete(self, entry: Entry) -> bool:
        """Whether a resumed entry needs no second go."""

    def resumed(self, ledger: Ledger) -> None:
        """Take note of the entries that the run goes on from."""

    def earlier(self) -> Iterator[Path]:
        """Files that are there already under names that the run will write."""

    def start(self, ledger: Ledger) -> None:
        """Make room."""


class LedgerLoop(TestLoop):
    """Samples one by one, each with its line in ``results.jsonl``; reports at the end.

    Args:
        runner: The runner.
        dataloader: See mmengine's TestLoop.
        evaluator: See mmengine's TestLoop.
        fp16: Run the model under autocast.
        victim: Options of the victim.
        settings: Options of :class:`~mmrobust.engine.settings.RunSettings`.

    Attributes:
        samples: What is gone through, by index; set when the data set is ready.
        artifacts: What the run leaves; set by the derived loop.
        progress: Of the run, while it goes on.
        verb: What is done to the samples, for who waits.
    """

    verb: ClassVar[str] = 'attack'
    dataloader: Any
    samples: Any
    artifacts: Leavings
    progress: Progress | None = None

    def __init__(
        self,
        runner: Any,
        dataloader: Any,
        evaluator: Any,
        *,
        fp16: bool,
        victim: dict[str, Any] | None,
        settings: dict[str, Any] | None,
    ) -> None:
        # The weights come after this: nothing here may run the model.
        # Asked here for hooks, whose runner has built it; the command asks before that.
        check_model(runner.cfg.get('model'))
        self.options = dict(victim or {})
        self.victim = build_victim(runner.model, self.options, runner.cfg)
        self.settings = RunSettings.from_config(settings)
        self.before_data()
        with naming_files(), metrics_unnoted():
            super().__init__(runner, dataloader, evaluator, fp16)

    def before_data(self) -> None:  # noqa: B027
        """Refuse what can be refused before the data are read."""

    def keep(self, samples: Any) -> None:
        """Go through these samples, and end the run where the checkpoint does not fit."""
        self.samples = samples
        self.files = SampleFiles(samples)
        self.runner.register_hook(CheckpointGuard())

    @property
    def most_queries(self) -> int | None:
        """Of a sample; None where nobody counts or nobody can say."""
        return None

    @property
    def unwrapped(self) -> Any:
        """The data set, no longer than what it holds."""
        return clipped(self.dataloader.dataset)

    @abstractmethod
    def fingerprint(self) -> dict[str, Any]:
        """What decides the results; a ledger is resumed only under the same."""

    @abstractmethod
    def check_entry(self, entry: Entry) -> None:
        """Raise ValueError unless the run can go on from a line of the ledger."""

    @abstractmethod
    def loader(self, todo: Sequence[int]) -> Any:
        """Batches (:class:`~mmrobust.victims.samples.Loaded`) of samples, in order."""

    @abstractmethod
    def run_iter(self, idx: int, loaded: Loaded, indices: Sequence[int]) -> list[Entry]:
        """The lines of a batch's good samples, in order.

        Args:
            idx: Number of the batch.
            loaded: The batch.
            indices: Of its good samples in the data set.
        """

    @abstractmethod
    def finish(self, wanted: list[Entry], good: list[Entry], wall_time: float) -> dict[str, float]:
        """Metrics of all lines, and reports by the first process.

        Args:
            wanted: The lines of all samples, in order.
            good: Those of samples that could be loaded.
            wall_time: Seconds.
        """

    def forget(self) -> None:  # noqa: B027
        """Remove what earlier runs have left half done, where this one starts anew."""

    def done(self, entry: Entry) -> None:  # noqa: B027
        """A sample's line has been written."""

    @healed()
    def run(self) -> dict[str, float]:
        """Go through every sample that the ledger does not hold yet, then report.

        Raises:
            OSError: Another run is at work in one of the folders.
            ValueError: There is no sample, or nothing to go on from.
        """
        self.rank, self.world_size = get_dist_info()
        with self._alone():
            runner, began = self.runner, time.perf_counter()
            ledger = self._ledger()
            total = self._total()
            done = {i for i, entry in ledger.entries.items() if self.artifacts.complete(entry)}
            self.artifacts.resumed(ledger)
            todo = pending(total, done, self.rank, self.world_size)
            loader = self.loader(todo)
            runner.call_hook('before_test')
            runner.call_hook('before_test_epoch')
            runner.model.eval()
            lines = attack_samples(loader, todo, self.run_iter, ledger, strict=self.settings.strict)
            processes = (self.world_size, self.rank)
            shown = Progress(total, len(done), *processes, self.most_queries, self.verb)
            with shown as self.progress:
                for entry in lines:
                    self.done(entry)
                    self.progress.advance(entry)
            metrics = self._finish(ledger, total, time.perf_counter() - began)
            numbers = {k: v for k, v in metrics.items() if isinstance(v, Real)}
            # TensorBoard, WandB and others, where the config names them; mmengine leaves tests out.
            runner.visualizer.add_scalars(numbers)
            runner.call_hook('after_test_epoch', metrics=metrics)
            runner.call_hook('after_test')
            return metrics

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """In folders that nobody else writes to.

        The processes of one run share them; the first stands for all.
        """
        with ExitStack() as held:
            for folder in self.artifacts.folders if self.rank == 0 else ():
                held.enter_context(alone_in(folder))
            barrier()
            yield

    def _ledger(self) -> Ledger:
        """The ledger, opened; what earlier runs have left is set aside or gone on from."""
        ledger = Ledger(
            self.runner.work_dir,
            self.fingerprint(),
            rank=self.rank,
            resume=self.settings.resume,
            size=len(self.samples),
            check=self.check_entry,
        )
        if ledger.continues:
            self.files.check(ledger)
        # Every process has read the earlier entries before the files are merged.
        barrier()
        if self.rank == 0:
            ledger.start(self.artifacts.earlier())
            self.artifacts.start(ledger)
            if not ledger.continues:
                self.forget()
        barrier()
        return ledger

    def _total(self) -> int:
        """How many samples this run is about."""
        total = len(self.samples)
        if not total:
            raise ValueError(EMPTY)
        return min(total, self.settings.max_samples or total)

    def _finish(self, ledger: Ledger, total: int, wall_time: float) -> dict[str, float]:
        """Merge the processes' entries, and report."""
        merged: dict[int, Entry] = {}
        for entries in all_gather_object(ledger.entries):
            merged.update(entries)
        wanted = [merged[index] for index in sorted(merged) if index < total]
        good = loaded_ones(wanted)
        if self.rank == 0:
            ledger.rewrite(merged)
        metrics = self.finish(wanted, good, wall_time)
        barrier()
        return metrics
