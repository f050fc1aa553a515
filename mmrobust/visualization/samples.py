"""The report's table of samples: one row each, every column sortable."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mmrobust.visualization.formatting import class_name, duration, number, plain, real
from mmrobust.visualization.summary import unit
from mmrobust.visualization.unannotated import SAID_ONCE, nothing_annotated

Row = Mapping[str, Any]

MAX_ROWS = 500


@dataclass(frozen=True)
class Column:
    """A heading; ``numeric`` columns are set flush right and sort as numbers."""

    name: str
    numeric: bool = False


@dataclass(frozen=True)
class Cell:
    """What is shown, what it sorts by, its CSS class, and limits that stand behind or below it."""

    text: str
    key: str | float
    style: str
    limits: str = ''


CLASSES = {
    'label': 'true class',
    'clean_prediction': 'clean',
    'adversarial_prediction': 'adversarial',
}
POSES = {
    'clean_pck': 'PCK@0.2, clean',
    'adversarial_pck': 'adversarial',
    'adversarial_oks': 'OKS',
    'clean_mpjpe': 'MPJPE, clean',
    'adversarial_mpjpe': 'MPJPE, adversarial',
    'shift': 'shift',
    'displacement': 'displacement',
    'target_error': 'from target',
    'joints_moved': 'joints moved',
    'joints_vanished': 'vanished',
}
NOTES = {
    'lifted': 'MPJPE, shift: mean distance of the joints from the annotation, and from the '
    'clean prediction, in the unit of the annotation (Human3.6M: metres).',
    'other': 'PCK@0.2: share of the labelled joints. displacement, from target: mean distance as '
    'a share of the longer side of the box.',
    'unannotated': 'displacement, from target: mean distance as a share of the longer side of the '
    'box. joints moved: those further than a fifth of it from the clean prediction.',
}
SIZES = {'linf': 'l_inf', 'l2': 'l_2', 'frames': 'frames', 'psnr': 'PSNR, dB', 'ssim': 'SSIM'}
# Sizes that a line may lack.
LATER = ('psnr', 'ssim')
COSTS = {'forwards': 'forwards', 'queries': 'queries', 'seconds': 'time'}


def samples_table(
    rows: Sequence[Row], names: Sequence[str]
) -> tuple[list[Column], list[list[Cell]]]:
    """Headings and cells for the first 500 samples.

    Args:
        rows: One mapping per sample, as in ``results.jsonl``.
        names: Class names; empty to show numbers.

    Returns:
        The columns, those of classes or those of poses, without costs that
        nobody paid and without flags where there are none, and as many cells
        per row.
    """
    costs = {key: name for key, name in COSTS.items() if any(real(r.get(key)) for r in rows)}
    poses = {key: name for key, name in POSES.items() if any(r.get(key) is not None for r in rows)}
    classes = [] if poses else [key for key in CLASSES if _is_known(rows, key)]
    hidden = {key for key in LATER if all(row.get(key) is None for row in rows)}
    hidden |= {'frames'} if poses or _all_frames(rows) else set()
    sizes = {key: name for key, name in SIZES.items() if key not in hidden}
    said = None if any(row.get('clean_correct') is not None for row in rows) else SAID_ONCE
    flagged = [[str(flag) for flag in row.get('flags') or () if flag != said] for row in rows]
    words = ['sample', *(CLASSES[key] for key in classes), 'result']
    figures = poses | sizes | costs
    columns = [Column(name) for name in words]
    columns += [Column(name, numeric=True) for name in figures.values()]
    table = [_words(row, names, classes) + _numbers(row, figures) for row in rows[:MAX_ROWS]]
    if any(flagged):
        columns.append(Column('flags'))
        for flags, cells in zip(flagged, table, strict=False):
            text = ', '.join(flags)
            cells.append(Cell(text, text, 'flags'))
    return columns, table


def _all_frames(rows: Sequence[Row]) -> bool:
    """Whether every frame of every attacked video changed."""
    tried = [row for row in rows if row.get('attacked')]
    return bool(tried) and all(row.get('frames') == row.get('frames_total') for row in tried)


def _is_known(rows: Sequence[Row], key: str) -> bool:
    """Whether a column of classes has anything to show; predictions always stand there."""
    return key != 'label' or any(row.get(key) is not None for row in rows)


def samples_note(card: Mapping[str, Any], rows: Sequence[Row]) -> str:
    """What the figures of the table mean; '' where they speak for themselves."""
    kind = 'unannotated' if nothing_annotated(card) else 'other'
    said = [
        NOTES[note]
        for note, key in (('lifted', 'shift'), (kind, 'displacement'))
        if any(key in row for row in rows)
    ]
    return ' '.join([*said, f'l_inf, l_2: {unit(card)}.']) if said else ''


def _words(row: Row, names: Sequence[str], classes: Sequence[str]) -> list[Cell]:
    texts = [plain(row.get('index') if row.get('name') is None else row['name'])]
    texts += [class_name(row.get(key), names) for key in classes]
    result = _result(row)
    cells = [Cell(text, text.lower(), 'name') for text in texts]
    return [*cells, Cell(result, result, result.replace(' ', '-'))]


def _numbers(row: Row, keys: Iterable[str]) -> list[Cell]:
    cells = []
    for key in keys:
        value = real(row.get(key))
        text = duration(value) if key == 'seconds' else number(value)
        cells.append(Cell(text, -1.0 if value is None else value, 'n'))
    return cells


def _result(row: Row) -> str:
    """What became of a sample."""
    if row.get('error'):
        return 'failed'
    if not row.get('attacked'):
        return 'not attacked'
    return 'fooled' if row.get('success') else 'resisted'
