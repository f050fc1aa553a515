"""What a ledger line says of a 3-D pose, clean and attacked.

Shapes: T frames, K joints; distances in the unit of the 3-D annotation.
"""

from __future__ import annotations

import math
from typing import Any

from torch import Tensor

from mmrobust.victims.base import Record
from mmrobust.victims.lifting.lift_annotations import LiftAnnotations

# A pose is right, and a joint has stayed, within this distance: 150 mm, as 3DPCK counts.
TAU = 0.15
# Test step and last check see the same pose if no joint is further apart.
SAME = 0.005


def lift_record(
    annotations: LiftAnnotations, clean: Tensor, adversarial: Tensor, checked: Tensor
) -> Record:
    """What is written down of one sample.

    ``mpjpe`` is the mean distance of the visible joints from the annotation
    (null without one), ``shift`` that of all joints from the clean prediction,
    ``joint_shifts`` the same of every joint, over all frames; ``places`` are
    the joints in the middle frame.

    Args:
        annotations: Its annotation, alone in a batch.
        clean: Responses (1, D) of the test step to the clean joints.
        adversarial: Likewise to the adversarial ones.
        checked: Response (1, D) in the attack's last check.
    """
    before, after = (annotations.places(outputs)[0].cpu() for outputs in (clean, adversarial))
    moved = (after - before).norm(dim=2)
    apart = (after - annotations.places(checked)[0].cpu()).norm(dim=2)
    reference, weights = (
        annotations.reference.places[0].cpu(),
        annotations.reference.weights[0].cpu(),
    )
    fields: dict[str, Any] = {
        'shift': _number(moved.mean()),
        'joint_shifts': [_number(value) for value in moved.mean(dim=0)],
        'joints_moved': int((~(moved.mean(dim=0) <= TAU)).sum()),
    }
    for side, places in (('clean', before), ('adversarial', after)):
        gap = ((places - reference).norm(dim=2) * weights).sum() / weights.sum()
        fields[f'{side}_mpjpe'] = _number(gap)
        fields[f'{side}_correct'] = bool(gap <= TAU) if bool(weights.any()) else None
        middle = places[len(places) // 2]
        fields[f'{side}_places'] = middle.tolist()
    return Record(fields, agree=bool((apart <= SAME).all()))


def _number(value: Tensor) -> float | None:
    found = float(value)
    return found if math.isfinite(found) else None
