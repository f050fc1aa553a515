"""Metrics over clean and adversarial results together, and the run's card."""

from mmrobust.evaluation.metrics import (
    AttackCost,
    AttackSuccess,
    PerturbationSize,
    RobustAccuracy,
)
from mmrobust.evaluation.summary import summarize

__all__ = ['AttackCost', 'AttackSuccess', 'PerturbationSize', 'RobustAccuracy', 'summarize']
