"""What complete jobs have left, read back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmrobust.evaluation.arms import Arm
from mmrobust.evaluation.summary import attacked
from mmrobust.io.checkpoints import read_checkpoint
from mmrobust.ledger.ledger import read_entries
from mmrobust.studies.job import CARDS

Row = dict[str, Any]
# Not learned.
STATISTICS = ('running_mean', 'running_var', 'num_batches_tracked')


def rows_of(folder: Path, limit: int | None = None) -> list[Row]:
    """Lines of a ledger by their sample.

    Args:
        folder: Of a job.
        limit: Only of the first so many samples: more are there after a job on more.
    """
    entries = read_entries(folder)
    return [entries[index] for index in sorted(entries) if limit is None or index < limit]


def attacked_rows(folder: Path, limit: int | None = None) -> list[Row]:
    """Those of the attacked samples."""
    return attacked(rows_of(folder, limit))


def card_of(folder: Path, command: str = 'attack') -> Row:
    """The report of a job, of a command."""
    found: Row = json.loads((folder / CARDS[command]).read_text(encoding='utf-8'))
    return found


def sweep_of(folder: Path, eps: Sequence[float], limit: int) -> Row:
    """The card of a sweep; its ``rows`` are the lines of every budget.

    Args:
        folder: Of the job.
        eps: The budgets.
        limit: Only of the first so many samples.
    """
    rows = [rows_of(folder / f'eps{each:.12g}', limit) for each in eps]
    return card_of(folder, 'sweep') | {'rows': rows}


def transfer_of(folder: Path, limit: int) -> Row:
    """The card of a transfer; its ``rows`` are the lines of the first so many samples."""
    rows = [row for row in rows_of(folder) if row['sample'] < limit]
    return card_of(folder, 'transfer') | {'rows': rows}


def query_arm(folders: Mapping[int, Path], budget: int) -> Arm:
    """One arm of a query attack.

    Args:
        folders: Of its jobs, by seed.
        budget: Queries per video.
    """
    lines = {seed: attacked_rows(folder) for seed, folder in folders.items()}
    cards = {seed: card_of(folder)['query'] for seed, folder in folders.items()}
    return Arm(budget, lines, cards)


def parameters(checkpoint: Path) -> int:
    """How many numbers a model has learned."""
    state = read_checkpoint(str(checkpoint))['state_dict']
    return sum(value.numel() for name, value in state.items() if not name.endswith(STATISTICS))
