"""Quantities of an attack at all budgets, of drawn videos: what intervals are of.

Shapes: D draws of V videos.
"""

from __future__ import annotations

import numpy as np

from mmrobust.evaluation.clusters import Measured
from mmrobust.functional.bootstrap import Numbers


def drop(one: Measured, drawn: Numbers, e: int) -> Numbers:
    """How much accuracy the step from one budget to the next takes; 0: from the clean samples."""
    accuracies = one.accuracies(drawn)
    return accuracies[:, e] - accuracies[:, e + 1]


def whole_way(one: Measured, drawn: Numbers) -> Numbers:
    """How much accuracy the largest budget takes."""
    accuracies = one.accuracies(drawn)
    return accuracies[:, 0] - accuracies[:, -1]


def elbow(one: Measured, drawn: Numbers) -> Numbers:
    """How much more the first budget takes than any step after it."""
    drops = -np.diff(one.accuracies(drawn), axis=1)
    return drops[:, 0] - drops[:, 1:].max(1)


def mean_accuracy(one: Measured, drawn: Numbers | None) -> Numbers:
    """Accuracy, mean over the budgets."""
    found: Numbers = one.accuracies(drawn)[:, 1:].mean(1)
    return found


def frames_trend(one: Measured, drawn: Numbers, sign: int) -> Numbers:
    """How much more frames (``sign`` 1) or fewer (-1) the last budget needs than the first."""
    by_eps = one.needed(drawn)[:, :-1]
    found: Numbers = float(sign) * (by_eps[:, -1] - by_eps[:, 0])
    return found


def single_frames(one: Measured, drawn: Numbers) -> Numbers:
    """Successes by one frame less those by the next most common number, per success."""
    counts = drawn @ one.frames.sum(0).T
    others = counts[:, 1:].max(1) if counts.shape[1] > 1 else 0
    with np.errstate(invalid='ignore', divide='ignore'):
        found: Numbers = (counts[:, 0] - others) / counts.sum(1)
    return found
