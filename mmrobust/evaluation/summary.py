"""What a run's rows say, in numbers.

A row is one sample's line of the ledger: plain values under the keys
``index``, ``name``, ``label``, ``clean_prediction``, ``adversarial_prediction``,
``clean_correct``, ``adversarial_correct``, ``attacked``, ``success``, ``linf``,
``l2``, ``mean_abs``, ``rmse``, ``frames``, ``forwards``, ``backwards``, ``queries``,
(``l1``, ``values``, ``pixels``, ``frames_total``, ``psnr`` and ``ssim``, which lines of earlier
versions lack,)
``seconds``, ``measures``, ``timing``, ``flags``, ``clean_confidence``,
``adversarial_confidence`` and ``error`` (None, or why the sample could not be
loaded). ``label``, ``clean_correct`` and ``adversarial_correct`` are None where nothing
is annotated.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from mmrobust.evaluation.by_class import by_class
from mmrobust.evaluation.chains import chain_summary
from mmrobust.evaluation.effects import effects
from mmrobust.evaluation.poses import pose_summary
from mmrobust.evaluation.tracks import track_summary
from mmrobust.functional.interval import wilson

Row = dict[str, Any]

# Of a change, and of what is left to see.
SIZES = (
    *('linf', 'l2', 'l1', 'mean_abs', 'rmse', 'values', 'pixels', 'frames', 'frames_total'),
    *('psnr', 'ssim'),
)


def mean(values: Iterable[float]) -> float | None:
    """The mean; None of nothing."""
    numbers = list(values)
    return sum(numbers) / len(numbers) if numbers else None


def share(name: str, hits: int, n: int) -> dict[str, float | None]:
    """A rate as ``name``, its 95 % Wilson interval as ``_low``, ``_high``; None of nothing."""
    low, high = wilson(hits, n) if n else (None, None)
    return {name: hits / n if n else None, f'{name}_low': low, f'{name}_high': high}


def evaluated(rows: Sequence[Row]) -> list[Row]:
    """Rows of samples that could be loaded."""
    return [row for row in rows if row['error'] is None]


def attacked(rows: Sequence[Row]) -> list[Row]:
    """Rows of samples that the attack was run on: those that were right."""
    return [row for row in evaluated(rows) if row['attacked']]


def accuracy(rows: Sequence[Row], key: str) -> float | None:
    """Share of evaluated samples where ``key`` holds; of those where it is known."""
    return mean(float(row[key]) for row in evaluated(rows) if row[key] is not None)


def success_rate(rows: Sequence[Row]) -> float | None:
    """Successes over attacked samples."""
    return mean(float(row['success']) for row in attacked(rows))


def cost(rows: Sequence[Row]) -> dict[str, float | None]:
    """Mean forwards, backwards and queries per attacked sample."""
    names = ('forwards', 'backwards', 'queries')
    return {name: mean(row[name] for row in attacked(rows)) for name in names}


def perturbation(rows: Sequence[Row]) -> dict[str, float | None]:
    """Mean size of the change by each measure: in grey levels, what changed, how it looks.

    Per attacked sample that has it: lines of earlier versions lack some, and a sample that is
    unchanged has no PSNR.
    """
    tried = attacked(rows)
    return {name: mean(row[name] for row in tried if row.get(name) is not None) for name in SIZES}


def measures(rows: Sequence[Row]) -> dict[str, float | None]:
    """The mean of what the attack reports of itself, over the attacked samples that have it.

    Curves (``name@place``) are left out.
    """
    found: dict[str, list[float]] = defaultdict(list)
    for row in attacked(rows):
        for name, value in row['measures'].items():
            if '@' not in name:
                found[name].append(value)
    return {name: mean(values) for name, values in sorted(found.items())}


def flags(rows: Sequence[Row]) -> dict[str, int]:
    """How many samples carry each flag."""
    return dict(sorted(Counter(flag for row in rows for flag in row['flags']).items()))


def counts(rows: Sequence[Row]) -> dict[str, Any]:
    """How many samples there are, and which could not be loaded."""
    failures = [row for row in rows if row['error'] is not None]
    return {
        'n': len(rows),
        'evaluated': len(rows) - len(failures),
        'failed': len(failures),
        'failures': [{key: row[key] for key in ('index', 'name', 'error')} for row in failures],
    }


def summarize(rows: Sequence[Row]) -> dict[str, Any]:
    """The part of the report that follows from the rows."""
    tried = attacked(rows)
    wins = sum(row['success'] for row in tried)
    return counts(rows) | {
        'attacked': len(tried),
        'success_rate': success_rate(rows),
        'success_interval': list(wilson(wins, len(tried))) if tried else None,
        'cost': cost(rows),
        'perturbation': perturbation(rows),
        'measures': measures(rows),
        'flags': flags(rows),
        **effects(evaluated(rows)),
        'by_class': by_class(evaluated(rows)),
        'pose': pose_summary(rows),
        'track': track_summary(rows),
        'chain': chain_summary(rows),
        'attack_time': sum(row['seconds'] for row in tried),
    }
