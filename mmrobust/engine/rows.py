"""A sample's line in the ledger."""

from typing import Any

from mmrobust.attacks.outcome import Outcome
from mmrobust.victims.samples import Failure
from mmrobust.victims.subject import Facts


def sample_row(
    index: int, name: str, facts: Facts, outcome: Outcome, seconds: float
) -> dict[str, Any]:
    """The line of an evaluated sample (:mod:`mmrobust.evaluation.summary`).

    Args:
        index: In the data set.
        name: Of the sample.
        facts: What the model predicted.
        outcome: The attack's own record.
        seconds: Wall time of the attack on this sample.
    """
    flags = set(outcome.flags)
    if not facts.agree:
        # The attack's last check and the test step must see the same.
        flags.add('scores_disagree')
    return {
        'index': index,
        'name': name,
        **facts.fields,
        'attacked': outcome.attacked,
        'success': outcome.success and facts.agree,
        'linf': outcome.linf,
        'l2': outcome.l2,
        'mean_abs': outcome.mean_abs,
        'rmse': outcome.rmse,
        'frames': outcome.frames,
        'forwards': outcome.forwards,
        'backwards': outcome.backwards,
        'queries': outcome.queries,
        'seconds': seconds,
        'measures': dict(outcome.measures),
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
