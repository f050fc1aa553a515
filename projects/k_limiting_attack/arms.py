"""What is compared: K-limiting attacks, their controls, one step, and noise; by what names.

Budgets of all norms are given as an RMSE in grey levels: eps of l_inf is that
number, eps of l_2 is the length of a change of that RMSE.
"""

from __future__ import annotations

import math
from typing import Any

from mmrobust.engine.attack_configs import attack_config
from mmrobust.goals import CorruptPose

NORMS = ('linf', 'l2')
# Arm -> which mask it has.
MASKED = {'kaa': 'relation', 'er': 'relation', 'random': 'random', 'gradient': 'gradient'}
# The tables', under every goal.
ARMS = (*MASKED, 'fgsm', 'noise')
# The curve's: KAA too with a loss that all heads share, so that heads are compared alike.
CURVE = (*ARMS, 'shared')
NAMES = {
    'kaa': 'KAA',
    'er': 'KAA+ER',
    'random': 'random mask',
    'gradient': 'gradient mask',
    'fgsm': 'single step',
    'noise': 'noise',
    'shared': 'KAA, soft-argmax',
}
# What counts as reached, in longer sides of the box. Wider ones, such as the goals' own, could
# hardly tell a victim from the mean pose, and walk and sit begin at 0.14 and 0.17.
MOVED, AT_TARGET = 0.1, 0.05
# What success is, as tables and claims tell it.
SUCCESS = (
    f'untargeted: {CorruptPose.share:g} of the joints or more beyond {MOVED:g} of the box, '
    f'targeted: mean distance below {AT_TARGET:g} of it'
)
# All steps together are twice as long as the budget, as in the config files.
REACH = 2.0
# What stands under all tables.
NOTE = (
    f'success: share of the attacked samples, after rounding to 8 bits, %; {SUCCESS}: rates of the '
    'two tables are not alike. Targeted, samples that are at the target when clean are left out. '
    'RMSE: of the change, grey levels 0..255, over the successes of that arm and of KAA; ratio: to '
    'that of KAA, same samples; a mask that lets a share of the values change has a ratio near the '
    'root of that share whatever it is made of, so its rivals are the other masks. Samples leave '
    'at their first success, except in the curve. Steps are a tenth of eps: numbers of steps, and '
    'with them RMSEs, are coarse. noise: Gaussian, as long as the whole budget before it is cut to '
    '0..255, so that no attack under the budget changes much more; its own RMSE stands beside it, '
    'and under both norms it is the same noise. KAA, soft-argmax: KAA with a loss that all heads '
    'have. density: share of the values that were free to change. error, distance to the target: '
    '% of the longer side of the box. Intervals: 95 %, not corrected for the number of claims; '
    'below 35 samples no two rates can be shown to be equal within 0.1. One seed of the training; '
    'the frames of the mouse are of one animal. The slides do not say what their RMSE is measured '
    'in: compare ratios. Contact sheets show samples that were fooled first.'
)


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
