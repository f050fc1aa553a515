"""What the cells of a corruption run say, in numbers.

A *cell* is a kind of corruption at a severity. Every sample has a score in each: 1 or 0 as a
recogniser is right or wrong, the share of joints within PCK@0.2 of a pose. Samples of one
picture or video are a unit, which counts once and is resampled as a whole.

With a the clean score of a unit, b its score in a cell: P is the mean of a; of a kind, P_c is
the mean of b over severities and units; mPC is the mean of P_c over kinds, rPC is mPC / P.
(Michaelis et al. 2019, arXiv:1907.07484, with accuracy in the place of AP.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrobust.evaluation.summary import Row, mean, share
from mmrobust.functional.bootstrap import NOTHING, SHARE, Limits, Places, bootstrap, bootstrap_of

CLEAN = 'clean'
# Ends the name of a control.
NOISE = '/noise'
Numbers = NDArray[np.float64]


def cell_name(kind: str, severity: int) -> str:
    """``fog/3``."""
    return f'{kind}/{severity}'


def control_name(kind: str, severity: int) -> str:
    """``fog/3/noise``: white noise that changes as much."""
    return f'{cell_name(kind, severity)}{NOISE}'


def score(cell: Mapping[str, Any]) -> float | None:
    """1 or 0 of a recogniser, the share of right joints of a pose; None where nothing says."""
    found = cell['pck'] if 'pck' in cell else cell.get('correct')
    return None if found is None else float(found)


def kept(cell: Mapping[str, Any], clean: Mapping[str, Any]) -> float | None:
    """How much of the clean prediction is left, without any annotation: 1 or 0, or of joints."""
    if 'prediction' in cell:
        return float(cell['prediction'] == clean['prediction'])
    joints = len(clean.get('joint_errors') or ())
    return 1 - cell['joints_moved'] / joints if joints and 'joints_moved' in cell else None


def corruption_summary(
    rows: Sequence[Row], kinds: Mapping[str, str], severities: Sequence[int]
) -> dict[str, Any]:
    """Scores of all cells, and what is made of them.

    Args:
        rows: Lines of samples that could be loaded.
        kinds: Name of each kind -> its group.
        severities: Which there are, without 0.

    Returns:
        ``clean``; ``kinds``: for each its cells and their mean, and the mean of its ``control``,
        white noise of the same size, where that was run; ``mpc`` and ``rpc`` with
        95 % intervals over units, None where there are holes or nothing is annotated;
        ``holes``: cells that some samples lack, and why; ``worst``; ``consistency``.
    """
    table = {
        name: {s: cell_figures(rows, cell_name(name, s)) for s in severities} for name in kinds
    }
    holes = {
        cell_name(name, s): cell['holes']
        for name, cells in table.items()
        for s, cell in cells.items()
        if cell['holes']
    }
    clean = cell_figures(rows, CLEAN)
    found: dict[str, Any] = {
        'units': len(_units(rows)),
        'clean': clean,
        'severities': list(severities),
        'kinds': {
            name: {
                'group': group,
                'cells': table[name],
                'mean': _mean_of(table[name], 'score'),
                'control': _control(rows, name, severities),
            }
            for name, group in kinds.items()
        },
        'holes': holes,
        'worst': _worst(table),
        'consistency': _consistency(table),
    }
    return found | _aggregate(rows, kinds, severities, bool(holes))


def cell_figures(rows: Sequence[Row], name: str) -> dict[str, Any]:
    """One cell over all samples: score with its limits, ``kept``, ``psnr``, ``holes``."""
    cells = [row['cells'][name] for row in rows]
    good = [
        (cell, row['cells'][CLEAN])
        for cell, row in zip(cells, rows, strict=True)
        if 'hole' not in cell
    ]
    scores = [value for cell, _ in good if (value := score(cell)) is not None]
    same = [value for cell, clean in good if (value := kept(cell, clean)) is not None]
    found: dict[str, Any] = {
        'score': mean(scores),
        'score_low': None,
        'score_high': None,
        'n': len(scores),
    }
    if scores and all(value in (0, 1) for value in scores):
        found |= share('score', int(sum(scores)), len(scores))
    reasons = sorted({cell['hole'] for cell in cells if 'hole' in cell})
    # Of skeletons alone.
    for key in ('moved', 'lost'):
        told = [cell[key] for cell, _ in good if cell.get(key) is not None]
        found |= {key: mean(told)} if any(key in cell for cell, _ in good) else {}
    return found | {
        'kept': mean(same),
        'psnr': mean(cell['psnr'] for cell, _ in good if cell.get('psnr') is not None),
        'holes': {'samples': len(cells) - len(good), 'why': reasons[0]} if reasons else None,
    }


def score_limits(rows: Sequence[Row], name: str) -> Limits:
    """95 % interval of the mean score in a cell, over units; without rows nothing is known."""
    good = [row for row in rows if score(row['cells'][name]) is not None]
    units = _units(good).values()
    scores = [[score(row['cells'][name]) for row in unit] for unit in units]
    return bootstrap([float(np.mean(np.asarray(of, np.float64))) for of in scores], SHARE)


def _control(rows: Sequence[Row], kind: str, severities: Sequence[int]) -> float | None:
    """Mean score under white noise of the size of a kind; None where there was no control."""
    names = [control_name(kind, s) for s in severities]
    if not rows or any(name not in row['cells'] for row in rows for name in names):
        return None
    return _mean_of(
        {s: cell_figures(rows, name) for s, name in zip(severities, names, strict=True)}, 'score'
    )


def _mean_of(cells: Mapping[int, Mapping[str, Any]], key: str) -> float | None:
    """Over the severities; None where one is missing."""
    values = [cell[key] for cell in cells.values()]
    whole = all(value is not None for value in values) and not any(
        c['holes'] for c in cells.values()
    )
    return mean(values) if whole else None


def _worst(table: Mapping[str, Mapping[int, Mapping[str, Any]]]) -> str | None:
    """The cell of the lowest score; where nothing is annotated, of the least that is kept."""
    for key in ('score', 'kept'):
        found = {
            cell_name(name, s): cell[key]
            for name, cells in table.items()
            for s, cell in cells.items()
            if cell[key] is not None
        }
        if found:
            return min(found, key=lambda cell: found[cell])
    return None


def _consistency(table: Mapping[str, Mapping[int, Mapping[str, Any]]]) -> float | None:
    """Mean over kinds of how much of the clean prediction is left; None with holes."""
    means = [_mean_of(cells, 'kept') for cells in table.values()]
    return None if None in means else mean(value for value in means if value is not None)


def _aggregate(
    rows: Sequence[Row], kinds: Mapping[str, str], severities: Sequence[int], holes: bool
) -> dict[str, Any]:
    """The means mPC and rPC with intervals over units, and lost and gained samples."""
    names = ('mpc', 'mpc_low', 'mpc_high', 'rpc', 'rpc_low', 'rpc_high')
    scored = [row for row in rows if score(row['cells'][CLEAN]) is not None]
    if holes or not scored or not kinds:
        return dict.fromkeys(names)
    clean, cells = _by_unit(scored, kinds, severities)

    def ratio(taken: Places) -> Numbers:
        below = clean[taken].mean(axis=-1)
        # Where a draw may be without anything right, there is no interval of a ratio.
        nothing = np.full_like(below, np.nan)
        return np.divide(cells[taken].mean(axis=-1), below, out=nothing, where=below > 0)

    mpc, base = float(cells.mean()), float(clean.mean())
    found = [mpc, *_known(bootstrap(cells, SHARE))]
    if base > 0:
        found += [mpc / base, *_known(bootstrap_of(len(clean), ratio, (0.0, np.inf)))]
    else:
        found += [None] * 3
    return dict(zip(names, found, strict=True))


def _by_unit(
    rows: Sequence[Row], kinds: Mapping[str, str], severities: Sequence[int]
) -> tuple[Numbers, Numbers]:
    """Of each unit the clean score, and the mean over all kinds of the means over severities."""
    clean, cells = [], []
    for unit in _units(rows).values():
        right = [score(row['cells'][CLEAN]) for row in unit]
        clean.append(np.mean(np.asarray(right, dtype=np.float64)))
        values = [
            score(row['cells'][cell_name(kind, s)])
            for row in unit
            for kind in kinds
            for s in severities
        ]
        cells.append(np.mean(np.asarray(values, dtype=np.float64)))
    return np.asarray(clean, dtype=np.float64), np.asarray(cells, dtype=np.float64)


def _units(rows: Sequence[Row]) -> dict[Any, list[Row]]:
    found: dict[Any, list[Row]] = {}
    for row in rows:
        found.setdefault(row['unit'], []).append(row)
    return found


def _known(limits: Limits) -> tuple[float | None, float | None]:
    """Limits where there are some; too few units have none."""
    return (None, None) if limits == NOTHING else limits
