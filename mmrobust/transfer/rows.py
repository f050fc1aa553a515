"""A line of a transfer run's ledger. Shapes: K classes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from torch import Tensor

from mmrobust.functional.checks import require, whole
from mmrobust.goals import BoundGoal
from mmrobust.ledger.rows import check_keys, check_row
from mmrobust.transfer.spec import Job

CLASSES = ('clean_prediction', 'adversarial_prediction')
TRUTHS = ('clean_correct', 'adversarial_correct', 'right', 'success')


def transfer_row(
    job: Job,
    line: int,
    row: Mapping[str, Any],
    targets: Sequence[str],
    clean: Mapping[str, Tensor],
    adversarial: Mapping[str, Tensor],
    goal: BoundGoal,
) -> dict[str, Any]:
    """The line of one job on one sample.

    Args:
        job: What was done.
        line: The line's number, which becomes its ``index``.
        row: What :func:`~mmrobust.ledger.rows.sample_row` says of the victim
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
    row: Mapping[str, Any], clean: Tensor, adversarial: Tensor, goal: BoundGoal
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


def check_transfer_row(
    entry: dict[str, Any], jobs: Sequence[Job], targets: Sequence[str], facts: Collection[str]
) -> None:
    """Raise ValueError, with key, rule and value, unless the matrix can be made of the line.

    Args:
        entry: A line of the ledger, as it was read.
        jobs: Of the run, in the order of a sample's lines.
        targets: Who is shown a clip where the job names nobody.
        facts: Keys that the victims write.
    """
    check_row(entry, facts)
    index, sample = entry['index'], entry.get('sample')
    whose = index // len(jobs)
    require(whole(sample) and sample == whose, 'sample', f'{whose}, of this index', sample)
    if entry['error'] is not None:
        return
    job = jobs[index % len(jobs)]
    for key, value in asdict(job).items():
        check_keys(entry, (key,))
        require(entry[key] == value, key, f'{value!r}, of this index', entry[key])
    right = entry.get('source_right')
    require(isinstance(right, bool), 'source_right', 'true or false', right)
    shown = entry.get('targets')
    wanted = {*(targets if job.target is None else (job.target,))}
    known = isinstance(shown, dict) and shown.keys() == wanted
    require(known, 'targets', f'what each of {", ".join(sorted(wanted))} made of the clip', shown)
    for target, found in entry['targets'].items():
        _check_verdict(f'targets.{target}', found)


def _check_verdict(where: str, found: Any) -> None:
    require(isinstance(found, dict), where, 'what it made of the clip', found)
    for key in CLASSES:
        require(whole(found.get(key), 0), f'{where}.{key}', 'a class', found.get(key))
    for key in TRUTHS:
        value = found.get(key)
        require(isinstance(value, bool), f'{where}.{key}', 'true or false', value)
