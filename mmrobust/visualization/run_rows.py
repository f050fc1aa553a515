"""Finished runs as rows of one table: the same keys for runs, and for cells of a transfer.

Shares are of 1; sizes are means over the attacked samples, of a cell over its successes. What is
not known is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from mmrobust.visualization import summary
from mmrobust.visualization.formatting import real
from mmrobust.visualization.threat_text import budget, threat_text

Card = Mapping[str, Any]
RunRow = dict[str, Any]

SIZES = ('linf', 'l2', 'l1', 'mean_abs', 'rmse', 'values', 'pixels', 'frames', 'frames_total')
LOOKS = ('psnr', 'ssim')
COSTS = ('forwards', 'backwards', 'queries')
# In the order of a table's columns.
KEYS = (
    *('run', 'model', 'config', 'checkpoint_sha256', 'source', 'attack', 'threat', 'eps', 'seed'),
    *('n', 'failed', 'metric', 'clean', 'adversarial', 'attacked'),
    *('success_rate', 'success_rate_low', 'success_rate_high', 'calls'),
    *COSTS,
    *SIZES,
    *LOOKS,
)


def run_row(name: str, card: Card) -> RunRow:
    """The row of an attack run.

    Args:
        name: Of its folder.
        card: Its ``report.json``.
    """
    metric, limits = summary.main_metric(card), summary.success_limits(card)
    sides = {side: None if metric is None else card[side][metric] for side in SIDES}
    cost, sizes = card.get('cost') or {}, card.get('perturbation') or {}
    found = {
        'run': name,
        'model': summary.config_name(card),
        'config': card['config'],
        'checkpoint_sha256': card.get('checkpoint_sha256'),
        'source': _source(card),
        'attack': card.get('title') or card['attack'].get('type'),
        'threat': threat_text(card, with_budget=False),
        'eps': budget(card),
        'seed': card.get('seed'),
        'n': card.get('evaluated'),
        'failed': card.get('failed'),
        'metric': metric,
        'attacked': card['attacked'],
        'success_rate': card['success_rate'],
        'success_rate_low': limits and limits[0],
        'success_rate_high': limits and limits[1],
        'calls': summary.calls(card),
    }
    known = found | sides | {key: cost.get(key) for key in COSTS}
    known |= {key: sizes.get(key) for key in (*SIZES, *LOOKS)}
    return {key: known[key] for key in KEYS}


def cell_row(name: str, card: Card, cell: Card) -> RunRow:
    """The row of a cell of a transfer: clips crafted on its source, shown to its target.

    Args:
        name: Of the folder.
        card: Its ``transfer.json``.
        cell: Among the card's.
    """
    victim = card['victims'][cell['target']]
    attack = card['attacks'][cell['attack']]
    found = dict.fromkeys(KEYS) | {
        'run': f'{name}/{cell["attack"]}',
        'model': cell['target'],
        'config': victim['config'],
        'checkpoint_sha256': victim['checkpoint_sha256'],
        'source': None if cell['white_box'] else cell['source'],
        'attack': card['titles'][cell['attack']],
        'threat': threat_text({'attack': attack, 'space': card['spec']['space']}),
        'eps': real(cell['eps']),
        'seed': card['spec']['seed'],
        'n': cell['n'],
        'failed': card['failed'],
        'metric': 'acc/top1',
        'clean': cell['clean_accuracy'],
        'adversarial': cell['adversarial_accuracy'],
        'attacked': cell['both_right'],
    }
    same = (*(f'success_rate{end}' for end in ('', '_low', '_high')), 'linf', 'frames')
    return found | {key: cell[key] for key in same}


SIDES = ('clean', 'adversarial')


def _source(card: Card) -> str | None:
    """The model that gave the gradients, if it is another one."""
    surrogate = card.get('surrogate')
    return None if not surrogate else PurePath(str(surrogate['config'])).stem
