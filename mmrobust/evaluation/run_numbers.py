"""The part of a run's report that follows from its lines; a verification makes it anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmrobust.evaluation.corruptions import corruption_summary
from mmrobust.evaluation.cues import cue_summary
from mmrobust.evaluation.jitter import jitter_summary
from mmrobust.evaluation.queries import query_summary
from mmrobust.evaluation.staircase import staircase
from mmrobust.evaluation.summary import Row, counts, evaluated, summarize


def corruption_numbers(
    rows: Sequence[Row], kinds: Mapping[str, str], severities: Sequence[int], cues: Sequence[str]
) -> dict[str, Any]:
    """Of a run of corruptions.

    Args:
        rows: Lines of all samples.
        kinds: Name of each kind -> its group.
        severities: Which there are, without 0.
        cues: Names of the cues.
    """
    good = evaluated(rows)
    return {
        **counts(rows),
        'jitter': jitter_summary(good, list(kinds), severities),
        **corruption_summary(good, kinds, severities),
        **cue_summary(good, cues),
    }


def attack_numbers(rows: Sequence[Row], attack: Mapping[str, Any]) -> dict[str, Any]:
    """Of an attack run.

    Args:
        rows: Lines of all samples.
        attack: The attack's description.
    """
    numbers = {'query': query_summary(rows, attack), 'staircase': staircase(rows)}
    return numbers | summarize(rows)
