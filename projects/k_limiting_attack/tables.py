"""What the tables call the arms, and say beside the numbers."""

from __future__ import annotations

from projects.k_limiting_attack.claims import SUCCESS

NAMES = {
    'kaa': 'KAA',
    'er': 'KAA+ER',
    'random': 'random mask',
    'gradient': 'gradient mask',
    'fgsm': 'single step',
    'noise': 'noise',
    'shared': 'KAA, soft-argmax',
}
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
