"""Whose scenery the lines of a run of cues should name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmrobust.corruptions.cues import Cue, Draws
from mmrobust.datasets.wrappers import locate
from mmrobust.engine.corruption_configs import corruptions_of
from mmrobust.functional.checks import require


def other_sceneries(
    report: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], dataset: Any
) -> list[str]:
    """Cells whose ``background`` is not the class that the run must have drawn.

    Nothing is rendered.

    Args:
        report: Of the run, with its seed and the options of its cues.
        rows: Its lines of samples that could be loaded.
        dataset: That of the run, which renders its videos, or a wrapper.

    Raises:
        ValueError: It is another one.
    """
    found = []
    chosen = corruptions_of([report['corruptions'][name] for name in report['cues']])
    cues = [kind for kind in chosen if isinstance(kind, Cue)]
    most = max((row['index'] for row in rows), default=-1)
    rule = f'that of the run, with more than {most} samples'
    require(most < len(dataset), 'data set', rule, len(dataset))
    for row in rows:
        leaf, inside = locate(dataset, row['index'])
        films = hasattr(leaf, 'stage')
        require(films, 'data set', 'that of the run, which renders its videos', type(leaf).__name__)
        stage = leaf.stage(inside)
        for cue in cues:
            cell = row['cells'][cue.name]
            if 'hole' in cell:
                continue
            # A video is a unit of its own, whose key the draws depend on.
            other = cue.scenery(stage, Draws(report['seed'], cue.draws, row['unit']))
            due = None if other is None else stage.label(other)
            if cell.get('background') != due:
                said = cell.get('background')
                found.append(f'{cue.name}: {row["name"]}: scenery of class {due}, reported {said}')
    return found
