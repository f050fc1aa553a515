"""The data loader of an attack run: the config's own, over the samples to do."""

from collections.abc import Callable, Sequence
from typing import Any

from torch.utils.data import DataLoader

from mmrobust.victims.base import Victim


def pending(total: int, done: set[int], rank: int, world_size: int) -> list[int]:
    """Indices that this process still has to do.

    Each process owns every ``world_size``-th sample; nobody does one twice.
    """
    return [i for i in range(rank, total, world_size) if i not in done]


def attack_loader(
    loader: DataLoader[Any],
    victim: Victim,
    indices: Sequence[int],
    samples: Any = None,
    *,
    batch_size: int | None = None,
    collate: Callable[[list[Any]], dict[str, Any]] | None = None,
) -> Any:
    """``loader`` again, over ``indices`` in order, with layouts and failures.

    Shuffling and padding of the sampler are dropped: results are by index.

    Args:
        loader: The config's own.
        victim: Whose pipelines its data set has.
        indices: Of the samples to do.
        samples: ``victim.samples`` of the data set; None: its items.
        batch_size: In the place of the loader's.
        collate: Likewise.
    """
    options: dict[str, Any] = {}
    if loader.num_workers:
        options['persistent_workers'] = False
        options['prefetch_factor'] = loader.prefetch_factor
        options['multiprocessing_context'] = loader.multiprocessing_context
    return DataLoader(
        loader.dataset if samples is None else samples,
        batch_size=1 if victim.one_by_one else batch_size or loader.batch_size or 1,
        sampler=indices,
        num_workers=loader.num_workers,
        collate_fn=victim.collate(collate or loader.collate_fn),
        pin_memory=loader.pin_memory,
        timeout=loader.timeout,
        worker_init_fn=loader.worker_init_fn,
        **options,
    )
