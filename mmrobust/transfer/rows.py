"""A line of a transfer run's ledger. Shapes: K classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from torch import Tensor

from mmrobust.goals import Goal
from mmrobust.transfer.spec import Job


def transfer_row(
    job: Job,
    line: int,
    row: Mapping[str, Any],
    targets: Sequence[str],
    clean: Mapping[str, Tensor],
    adversarial: Mapping[str, Tensor],
    goal: Goal,
) -> dict[str, Any]:
    """The line of one job on one sample.

    Args:
        job: What was done.
        line: The line's number, which becomes its ``index``.
        row: What :func:`~mmrobust.engine.rows.sample_row` says of the victim
            that decided on success.
        targets: Who was shown the clip.
        clean: Every victim's outputs (K,) on the clean sample.
        adversarial: Outputs (K,) of the targets on the clip.
        goal: Bound to this sample alone.

    Returns:
        The row, with ``sample`` (index in the data set), the job's fields,
        ``source_right``, and under ``targets`` what each made of the clip.
    """
    verdicts = {
        target: _verdict(row, clean[target], adversarial[target], goal) for target in targets
    }
    success_victim = job.target or job.source
    if success_victim in verdicts:
        # Where the attack's last check and the test step disagree, nobody is fooled.
        verdicts[success_victim]['success'] = row['success']
    right = bool(goal.is_correct(clean[job.source][None]))
    more = {'index': line, 'sample': row['index'], 'source_right': right, 'targets': verdicts}
    return dict(row) | asdict(job) | more


def _verdict(
    row: Mapping[str, Any], clean: Tensor, adversarial: Tensor, goal: Goal
) -> dict[str, Any]:
    """What a target (outputs (K,)) made of the clip."""
    before, after = int(clean.argmax()), int(adversarial.argmax())
    right = bool(goal.is_correct(clean[None]))
    return {
        'clean_prediction': before,
        'adversarial_prediction': after,
        'clean_correct': before == row['label'],
        'adversarial_correct': after == row['label'],
        'right': right,
        'success': row['attacked'] and right and bool(goal.success(adversarial[None])),
    }
