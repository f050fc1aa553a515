"""A sample's line in the ledger."""

from collections.abc import Collection, Mapping
from numbers import Real
from typing import Any

from torch import Tensor

from mmrobust.attacks.outcome import Outcome
from mmrobust.evaluation.queries import query_summary
from mmrobust.evaluation.summary import summarize
from mmrobust.functional.checks import require, whole
from mmrobust.functional.picture_quality import picture_quality
from mmrobust.victims.base import Record
from mmrobust.victims.samples import Failure


def sample_row(
    index: int, name: str, record: Record, clean: Tensor, outcome: Outcome, seconds: float
) -> dict[str, Any]:
    """The line of an evaluated sample (:mod:`mmrobust.evaluation.summary`).

    Args:
        index: In the data set.
        name: Of the sample.
        record: What the model predicted.
        clean: Its pixels (C, ..., H, W), or what else was attacked.
        outcome: The attack's own record.
        seconds: Wall time of the attack on this sample.
    """
    flags = set(outcome.flags)
    quality = picture_quality(clean, outcome.adversarial)
    if not record.agree:
        # The attack's last check and the test step must see the same.
        flags.add('scores_disagree')
    return {
        'index': index,
        'name': name,
        **record.fields,
        'attacked': outcome.attacked,
        'success': outcome.success and record.agree,
        'linf': outcome.linf,
        'l2': outcome.l2,
        'mean_abs': outcome.mean_abs,
        'rmse': outcome.rmse,
        'l1': outcome.l1,
        'values': outcome.values,
        'pixels': outcome.pixels,
        'frames': outcome.frames,
        'frames_total': clean.shape[1] if clean.dim() == 4 else 0,
        'psnr': quality['psnr'],
        'ssim': quality['ssim'],
        'forwards': outcome.forwards,
        'backwards': outcome.backwards,
        'queries': outcome.queries,
        'seconds': seconds,
        'measures': dict(outcome.measures),
        'notes': dict(outcome.notes),
        'timing': dict(outcome.timing),
        'flags': sorted(flags),
        'error': None,
    }


def failure_row(index: int, failure: Failure) -> dict[str, Any]:
    """The line of a sample that could not be loaded."""
    return {
        'index': index,
        'name': failure.name,
        'attacked': False,
        'flags': [],
        'error': failure.error,
    }


COUNTS = ('frames', 'forwards', 'backwards', 'queries')
NUMBERS = ('linf', 'l2', 'mean_abs', 'rmse', 'seconds')
# Numbers that lines of earlier versions lack.
LATER = ('l1', 'values', 'pixels', 'frames_total', 'psnr', 'ssim')
# Of the measures, with a side before the name, a line has those of its model.
SIDES = ('clean', 'adversarial')
MEASURES = ('prediction', 'confidence', 'pck', 'oks', 'error', 'mpjpe')


def check_row(
    entry: dict[str, Any], facts: Collection[str] = (), attack: Mapping[str, Any] | None = None
) -> None:
    """Raise ValueError, with key, rule and value, unless a report can be made of the line.

    Args:
        entry: A line of the ledger, as it was read.
        facts: Keys that the victim writes (``record_keys``).
        attack: The attack's description: what it counts must be there, too.
    """
    error = entry.get('error', 0)
    require(error is None or isinstance(error, str), 'error', 'null or a text', error)
    require(isinstance(entry.get('name'), str), 'name', 'a text', entry.get('name'))
    flags = entry.get('flags')
    texts = isinstance(flags, list) and all(isinstance(flag, str) for flag in flags)
    require(texts, 'flags', 'a list of texts', flags)
    truths = ('attacked',) if error is not None else ('attacked', 'success')
    for key in truths:
        require(isinstance(entry.get(key), bool), key, 'true or false', entry.get(key))
    if error is None:
        check_keys(entry, facts)
        _check_numbers(entry, attack or {})


def check_keys(entry: Mapping[str, Any], keys: Collection[str], where: str = '') -> None:
    """Raise ValueError unless a line, or the part of it that ``where`` names, has the keys."""
    for key in keys:
        if key not in entry:
            raise ValueError(f'{where}{key} must be in the line, got none')


def _check_numbers(entry: dict[str, Any], attack: Mapping[str, Any]) -> None:
    for key in (*COUNTS, *NUMBERS):
        value = entry.get(key)
        require(_number(value), key, 'a number', value)
        require(key in NUMBERS or whole(value), key, 'a whole number', value)
    for key in (*LATER, 'label', *(f'{side}_{name}' for side in SIDES for name in MEASURES)):
        value = entry.get(key)
        require(value is None or _number(value), key, 'a number', value)
    for key in (f'{side}_correct' for side in SIDES):
        value = entry.get(key)
        require(value is None or isinstance(value, bool), key, 'true, false or null', value)
    for key in ('measures', 'timing'):
        value = entry.get(key)
        known = isinstance(value, dict) and all(map(_number, value.values()))
        require(known, key, 'numbers by name', value)
    notes = entry.get('notes')
    words = isinstance(notes, dict) and all(isinstance(note, str) for note in notes.values())
    require(words, 'notes', 'texts by name', notes)
    try:
        summarize([entry])
        query_summary([entry], attack)
    except Exception as error:
        raise ValueError(
            f'it must be a line that a run writes, got one without a summary ({error!r})'
        ) from error


def _number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
