"""The loop over samples that every run is: load, attack, write down, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from mmrobust.ledger.ledger import Ledger
from mmrobust.ledger.ledger_files import Entry
from mmrobust.ledger.rows import failure_row
from mmrobust.victims.samples import Failure, Loaded

# Number of a batch, the batch, its good samples' indices in the data set -> their lines.
BatchWork = Callable[[int, Loaded, Sequence[int]], Iterable[Entry]]


def attack_samples(
    loader: Iterable[Loaded],
    todo: Sequence[int],
    work: BatchWork,
    ledger: Ledger,
    *,
    strict: bool,
    lines: int = 1,
) -> Iterator[Entry]:
    """Go through the samples; a line is in the ledger before it is yielded.

    Args:
        loader: Batches of ``todo``, in order.
        todo: Indices in the data set.
        work: Done to the good samples of each batch.
        ledger: Open.
        strict: A sample that cannot be loaded ends the run.
        lines: How many lines a sample has, one for each job; one that cannot be loaded has
            the first alone, which names the ``sample`` then.

    Raises:
        ValueError: A sample is refused, or cannot be loaded and ``strict``.
    """
    position = 0
    for number, loaded in enumerate(loader):
        indices = todo[position : position + len(loaded.slots) + len(loaded.failures)]
        position += len(indices)
        for slot, failure in loaded.failures.items():
            _check(failure, strict)
            line = failure_row(indices[slot] * lines, failure)
            yield ledger.append(line if lines == 1 else line | {'sample': indices[slot]})
        if loaded.slots:
            good = [indices[slot] for slot in loaded.slots]
            try:
                found = work(number, loaded, good)
                yield from map(ledger.append, found)
            except Exception as error:
                if count := len(ledger.entries):
                    lines_are = 'line is' if count == 1 else 'lines are'
                    error.add_note(f'{count} {lines_are} kept in {ledger.path}')
                raise


def loaded_ones(entries: Sequence[Entry]) -> list[Entry]:
    """The lines of samples that could be loaded.

    Raises:
        ValueError: There are none: nothing has been measured.
    """
    good = [entry for entry in entries if entry['error'] is None]
    if not good:
        raise ValueError(
            f'at least one sample must load, but all {len(entries)} failed; '
            f'the first: {entries[0]["name"]}: {entries[0]["error"]}'
        )
    return good


def _check(failure: Failure, strict: bool) -> None:
    if failure.refused:
        raise ValueError(failure.error)
    if strict:
        raise ValueError(f'{failure.name}: {failure.error}')
