"""A sample's line in the ledger."""

from typing import Any

from torch import Tensor

from mmrobust.attacks.outcome import Outcome
from mmrobust.victims.action.loading import Failure


def sample_row(
    index: int,
    name: str,
    label: int,
    clean: Tensor,
    adversarial: Tensor,
    outcome: Outcome,
    seconds: float,
) -> dict[str, Any]:
    """The line of an evaluated sample (:mod:`mmrobust.evaluation.summary`).

    Args:
        index: In the data set.
        name: Of the video.
        label: Annotated class; -1 for none.
        clean: Averaged outputs (K,) on the clean sample.
        adversarial: Averaged outputs (K,) of the stock test step on the
            adversarial one.
        outcome: The attack's own record.
        seconds: Wall time of the attack on this sample.
    """
    flags = set(outcome.flags)
    if int(outcome.scores.argmax()) != int(adversarial.argmax()):
        # The attack's last check and the test step must agree on the class.
        flags.add('scores_disagree')
    return {
        'index': index,
        'name': name,
        'label': label,
        **_scored('clean', clean, label),
        **_scored('adversarial', adversarial, label),
        'attacked': outcome.attacked,
        'success': outcome.success and 'scores_disagree' not in flags,
        'linf': outcome.linf,
        'l2': outcome.l2,
        'mean_abs': outcome.mean_abs,
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


def _scored(side: str, scores: Tensor, label: int) -> dict[str, Any]:
    """Prediction, whether it is right, and the confidence in the label (None without one)."""
    prediction, known = int(scores.argmax()), 0 <= label < len(scores)
    return {
        f'{side}_prediction': prediction,
        f'{side}_correct': prediction == label,
        f'{side}_confidence': float(scores.softmax(-1)[label]) if known else None,
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
