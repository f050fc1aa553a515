"""What a recogniser goes by: scores of samples that were filmed again.

A *cue* has no severities, and no part in a mean over corruptions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmrobust.evaluation.corruptions import cell_figures
from mmrobust.evaluation.summary import Row, share

# All cues together: in a list of kinds, and as the name of their strip.
CUE = 'cue'
SWAP, SWAP_FRAME = 'action_swap', 'swap_frame'


def cue_summary(rows: Sequence[Row], names: Sequence[str]) -> dict[str, Any]:
    """Scores of all cues, and what is made of them.

    Args:
        rows: Lines of samples that could be loaded.
        names: Of the cues.

    Returns:
        Nothing without cues, else ``cues``: for each its figures, as of a cell, and of those with
        another video's scenery the ``background_error``, the share of samples that are predicted
        as that video's class; ``contrasted``: the share that are right on the action swap and
        wrong on one frame of it (Li et al. 2023, arXiv:2211.12883), None where a part is missing.
    """
    if not names:
        return {}
    return {'cues': {name: _cue(rows, name) for name in names}, 'contrasted': _contrasted(rows)}


def _cue(rows: Sequence[Row], name: str) -> dict[str, Any]:
    cells = [row['cells'][name] for row in rows]
    foreign = [cell for cell in cells if cell.get('background') is not None]
    taken_in = sum(cell['prediction'] == cell['background'] for cell in foreign)
    return cell_figures(rows, name) | share('background_error', taken_in, len(foreign))


def _contrasted(rows: Sequence[Row]) -> dict[str, Any] | None:
    pairs = [
        [row['cells'].get(name, {}).get('correct') for name in (SWAP, SWAP_FRAME)] for row in rows
    ]
    if not pairs or any(None in pair for pair in pairs):
        return None
    hits = sum(bool(swap) and not frame for swap, frame in pairs)
    return share('score', hits, len(pairs)) | {'n': len(pairs)}
