"""The clips that a recogniser averages over, each scored alone.

Shapes: N samples, C channels, T attacked frames, H, W their size, V views,
R rows of logits per sample, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from mmrobust.victims.base import Clip, Victim

if TYPE_CHECKING:
    from mmrobust.victims.action.victim import Clips


class OneClip(Victim):
    """Some views of the samples, scored as if there were no others.

    Args:
        whole: The victim of all views.
        views: Numbers of the views, crops of one clip.
    """

    def __init__(self, whole: Clips, views: Sequence[int]) -> None:
        self.whole, self.views = whole, list(views)

    def __call__(self, pixels: Tensor) -> Tensor:
        """Averaged outputs (N, K) of these views."""
        return self.whole.scores(pixels, self.views)

    def select(self, rows: Tensor) -> OneClip:
        """The clip of some of the samples."""
        return OneClip(self.whole.select(rows), self.views)

    @property
    def model(self) -> nn.Module:
        """The recogniser."""
        return self.whole.model


def split_clips(whole: Clips) -> list[Clip]:
    """Views that see the same frames belong to one clip; ordered by first frame.

    Raises:
        ValueError: The samples of the batch are cut into clips in different ways.
    """
    seen = [layout.seen() for layout in whole.layouts]
    groups = [_groups(one) for one in seen]
    if any(group != groups[0] for group in groups):
        raise ValueError(
            "level='video' needs samples that are cut into clips alike, got videos too short "
            'for their clips beside longer ones; use a batch size of 1'
        )
    clips = []
    for views in groups[0]:
        frames = torch.stack([one[views].any(dim=0) for one in seen])
        clips.append(Clip(OneClip(whole, views), frames))
    return clips


def _groups(seen: Tensor) -> list[list[int]]:
    """Views (V, T) by the frames that they see, in order of time."""
    found: dict[tuple[int, ...], list[int]] = {}
    for view, frames in enumerate(seen):
        found.setdefault(tuple(frames.nonzero().squeeze(1).tolist()), []).append(view)
    return [found[frames] for frames in sorted(found)]
