"""Success over the threshold by a goal's own rule, where the rows hold what it looks at.

At the run's own threshold the curve is the success rate of the run. Distances are
shares of the longer side of the person's box.
"""

from collections.abc import Mapping, Sequence
from math import ceil, inf, nextafter
from statistics import mean
from typing import Any

import torch

from mmrobust.evaluation.poses import TAUS, Row
from mmrobust.functional.keypoint_metrics import success_curve

Goal = Mapping[str, Any]

# Test step and last check may see a joint that far apart; success is the check's word.
CLOSE = 0.05


def goal_curve(rows: Sequence[Row], goal: Goal) -> dict[str, Any] | None:
    """Success rate at every threshold, as the goal counts; None where rows do not say.

    Args:
        rows: One mapping per sample.
        goal: Its ``type`` and options, as a report names them.

    Returns:
        ``n``, the attacked samples; ``own``, the run's threshold; ``rule``, what success
        says of it; ``tau``, among them ``own``, and the ``rate`` at each.
    """
    tried = [row for row in rows if row.get('attacked')]
    own, aimed = goal.get('tau'), goal.get('type') == 'TargetPose'
    # Distances in pixels of the crop are nowhere in the rows, nor is a mean over persons.
    if not tried or not isinstance(own, int | float) or goal.get('unit') != 'box':
        return None
    if not aimed and goal.get('type') != 'CorruptPose':
        return None
    # Similarity knows no threshold of a distance.
    if not aimed and goal.get('criterion', 'share') != 'share':
        return None
    if aimed and any(row.get('by_person') for row in tried):
        return None
    # Success lies below the threshold where there is a target: its values change their sign.
    values = [_nearness(row) if aimed else _reach(row, goal) for row in tried]
    edge = -float(own) if aimed else float(own)
    known = [_settled(value, edge, row) for value, row in zip(values, tried, strict=True)]
    settled = [value for value in known if value is not None]
    if len(settled) < len(tried):
        return None
    taus = torch.tensor(sorted({*TAUS.tolist(), float(own)}), dtype=torch.float64)
    rates = success_curve(torch.tensor(settled, dtype=torch.float64), -taus if aimed else taus)
    curve = {'tau': taus.tolist(), 'rate': rates.tolist()}
    return {'n': len(tried), 'own': float(own), 'rule': _rule(goal), **curve}


def _nearness(row: Row) -> float:
    """Minus the mean distance from the target."""
    found = row.get('target_error')
    return -inf if found is None else -float(found)


def _reach(row: Row, goal: Goal) -> float:
    """The threshold up to which a sample is a success; minus infinity if at none."""
    distances = [
        value
        for person in row.get('by_person') or [row]
        for value in _counted(person, goal, 'no_annotation' in (row.get('flags') or ()))
    ]
    known = sorted((value for value in distances if value is not None), reverse=True)
    if not known or len(known) < len(distances):
        return -inf
    share = goal.get('share')
    return mean(known) if share is None else known[max(1, ceil(share * len(known))) - 1]


def _counted(person: Row, goal: Goal, unannotated: bool) -> list[float | None]:
    """How far the joints that count are from their reference; None for one that is nowhere."""
    labelled = [error is not None for error in person.get('clean_joint_errors') or ()]
    moves = list(person.get('joint_displacements') or ())
    if unannotated and not any(labelled):
        return moves
    own = goal.get('reference') == 'prediction'
    chosen = moves if own else person.get('adversarial_joint_errors') or ()
    return [value for value, counts in zip(chosen, labelled, strict=False) if counts]


def _settled(value: float, edge: float, row: Row) -> float | None:
    """``value``, on the side of ``edge`` that the run's verdict puts it; None if far from that."""
    success = bool(row.get('success'))
    if (value > edge) == success:
        return value
    if abs(value - edge) <= CLOSE:
        return nextafter(edge, inf) if success else edge
    # Joints that moved in one of two looks only are no success at any threshold.
    return -inf if not success and 'scores_disagree' in (row.get('flags') or ()) else None


def _rule(goal: Goal) -> str:
    if goal.get('type') == 'TargetPose':
        return 'the joints are nearer than that to their target, in the mean'
    source = 'clean prediction' if goal.get('reference') == 'prediction' else 'annotation'
    share = goal.get('share')
    away = f'further than that from the {source}'
    if share is None:
        return f'the visible joints are {away}, in the mean'
    return f'at least {100 * share:.3g} % of the visible joints are {away}'
