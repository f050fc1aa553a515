"""What is compared: K-limiting attacks, their controls, one step, and noise.

Budgets of all norms are given as an RMSE in grey levels: eps of l_inf is that
number, eps of l_2 is the length of a change of that RMSE.
"""

from __future__ import annotations

import math
from typing import Any

from mmrobust.engine.attack_configs import attack_config

NORMS = ('linf', 'l2')
# Arm -> which mask it has.
MASKED = {'kaa': 'relation', 'er': 'relation', 'random': 'random', 'gradient': 'gradient'}
# The tables', under every goal.
ARMS = (*MASKED, 'fgsm', 'noise')
# The curve's: KAA too with a loss that all heads share, so that heads are compared alike.
CURVE = (*ARMS, 'shared')
# What counts as reached, in longer sides of the box. Wider ones, such as the goals' own, could
# hardly tell a victim from the mean pose, and walk and sit begin at 0.14 and 0.17.
MOVED, AT_TARGET = 0.1, 0.05
# All steps together are twice as long as the budget, as in the config files.
REACH = 2.0


def attack(
    arm: str, norm: str, goal: str, *, rmse: float, values: int, steps: int, stop: bool
) -> dict[str, Any]:
    """The config of an arm.

    Args:
        arm: Among CURVE.
        norm: Among NORMS; noise has the length of the whole budget under both.
        goal: ``untargeted``, or the target's name.
        rmse: Budget, grey levels.
        values: Numbers in a crop.
        steps: Of the iterative arms.
        stop: Whether samples leave at their first success.
    """
    length = rmse * math.sqrt(values)
    linf = norm == 'linf' and arm != 'noise'
    threat = {'type': 'Linf', 'eps': rmse} if linf else {'type': 'L2', 'eps': length}
    aim: dict[str, Any] = {'type': 'CorruptPose', 'tau': MOVED}
    if goal != 'untargeted':
        aim = {'type': 'TargetPose', 'tau': AT_TARGET}
    if arm == 'shared':
        aim['loss'] = 'soft_argmax'
    if arm in ('fgsm', 'noise'):
        return {'type': 'FGSM' if arm == 'fgsm' else 'RandomNoise', 'threat': threat, 'goal': aim}
    found = attack_config(f'kaa_{norm}' if arm in ('kaa', 'shared') else f'kaa_er_{norm}')
    found |= {'threat': threat, 'goal': aim, 'mask': MASKED.get(arm, 'relation')}
    return found | {'steps': steps, 'step_size': REACH / steps, 'early_stop': stop}
