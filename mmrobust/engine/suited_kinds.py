"""Whether kinds of corruption are kinds of what a model looks at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from mmrobust.corruptions import Corruption
from mmrobust.corruptions.tracks import TrackCorruption
from mmrobust.engine.corruption_configs import Kind
from mmrobust.engine.frame_cells import of_files
from mmrobust.functional.checks import require


def check_suited(kinds: Sequence[Kind], of: Literal['videos', 'pictures', 'tracks']) -> None:
    """Raise ValueError, naming them, for kinds of something else.

    Args:
        kinds: What is asked for.
        of: What the samples are.
    """
    joints = [kind.name for kind in kinds if isinstance(kind, TrackCorruption)]
    if of == 'tracks':
        others = [kind.name for kind in kinds if not isinstance(kind, TrackCorruption)]
        rule = 'kinds of skeletons (the preset skeleton, mmrobust list track_corruptions)'
        require(not others, '--corruptions', rule, ', '.join(others))
        return
    rule = f'kinds of {of} (mmrobust list corruptions), none of skeletons'
    require(not joints, '--corruptions', rule, ', '.join(joints))
    frames = [kind for kind in kinds if isinstance(kind, Corruption)]
    if of == 'pictures':
        _check_for_pictures(frames)
    boxes = [kind.name for kind in frames if of == 'videos' and kind.level == 'box']
    require(not boxes, '--corruptions', 'kinds that videos have', ', '.join(boxes))


def _check_for_pictures(kinds: Sequence[Corruption]) -> None:
    """Refuse what pictures have none of, and what leaves the annotated joints behind.

    A blur moves joints by a few pixels, too, and is measured as it has been published.
    """
    files = [kind.name for kind in kinds if of_files(kind)]
    require(not files, 'data', f'videos for {", ".join(files)}', 'pictures')
    moving = [kind.name for kind in kinds if kind.moves == 'known' and kind.group != 'blur']
    rule = 'kinds that leave annotated joints where they are'
    require(not moving, '--corruptions', rule, ', '.join(moving))
