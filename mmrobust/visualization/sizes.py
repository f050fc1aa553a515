"""How large a change is, and how it looks, in rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmrobust.visualization.formatting import number, real
from mmrobust.visualization.summary import Card, sample_kind

# Sizes that are shown where the threat speaks of them.
OWN_SIZES = {'l1': 'L1', 'values': 'L0', 'pixels': 'L0'}
# What is said of tracks of joints.
TRACKS = {
    'deviation': 'joint, mean',
    'deviation_max': 'joint, longest',
    'first_frame_deviation': 'joint, first frame',
    'bone_change': 'bones, relative',
    'acceleration_change': 'acceleration',
    'jitter_ratio': 'jitter ratio',
    'network_view': "network's view",
}
# What is said of the poses that a recogniser finds in frames, and a surrogate in them; short, as
# the table is narrow.
POSES = {
    'joint_displacement': 'joint, boxes',
    'joint_displacement_pixels': 'joint, pixels',
    'oks': 'OKS',
    'score_change': 'score',
    'frames_without_person': 'frames, nobody',
    'surrogate_joint_displacement': 'surrogate, joint',
    'surrogate_oks': 'surrogate, OKS',
}
# Sizes that speak of what is left to see: the smaller, the worse.
LOOKS = ('psnr', 'ssim', 'oks', 'surrogate_oks', 'score_change')


def perturbations(card: Card, rows: Sequence[Mapping[str, Any]] = ()) -> list[tuple[str, str, str]]:
    """Name, mean and worst value of each size of the perturbation.

    The worst is the largest; of PSNR, SSIM, OKS and the change of scores the smallest.
    """
    mean = card.get('perturbation') or {}
    names = {
        'linf': 'l_inf',
        'l2': 'l_2',
        'l1': 'l_1',
        'mean_abs': 'mean absolute',
        'rmse': 'root mean square',
        'values': 'values changed',
        'pixels': 'pixels changed',
        'frames': 'frames changed',
        'psnr': 'PSNR, dB',
        'ssim': 'SSIM',
    }
    track = card.get('track') or {}
    if track:
        mean = {**mean, **track}
        names |= TRACKS
    chain = card.get('chain') or {}
    mean = {**mean, **chain}
    names |= {key: text for key, text in POSES.items() if key in chain}
    if not sample_kind(card)['frames'] or all_frames(card):
        del names['frames']
    attacked = [row for row in rows if row.get('attacked')]
    found = {key: [v for row in attacked if (v := real(row.get(key))) is not None] for key in names}
    threat = card.get('threat') or {}
    ball = (threat.get('threat') or threat).get('type')
    return [
        (name, number(mean.get(key)), number(_worst(key, found[key])))
        for key, name in names.items()
        if OWN_SIZES.get(key, ball) == ball and (key not in LOOKS or mean.get(key) is not None)
    ]


def _worst(size: str, values: Sequence[float]) -> float | None:
    return (min if size in LOOKS else max)(values, default=None)


def all_frames(card: Card) -> bool:
    """Whether every frame of every attacked video changed, so that their number says nothing."""
    sizes = card.get('perturbation') or {}
    changed, total = real(sizes.get('frames')), real(sizes.get('frames_total'))
    return bool(total) and changed == total
