"""Metrics over clean and adversarial results together, and the run's card."""

from mmrobust.lazy import offers

__getattr__, __dir__ = offers(
    __name__, 'METRICS', more={'summarize': 'mmrobust.evaluation.summary'}
)
