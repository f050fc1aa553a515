"""A recogniser bound to videos, and the clips that it averages over, each scored alone.

Shapes: N samples, C channels, T attacked frames, H, W their size, V views,
R rows of logits per sample, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress

import torch
from torch import Tensor, nn

from mmrobust.functional.averaging import average_views
from mmrobust.victims.action.chunking import chunked
from mmrobust.victims.action.scoring import head_outputs, rows_of
from mmrobust.victims.bound import BoundSamples, BoundVictim, Clip


class BoundClips(BoundSamples):
    """An :class:`~mmrobust.victims.action.victim.ActionVictim` bound to videos of one shape."""

    @property
    def views(self) -> int:
        """V."""
        views: int = self.layouts[0].views
        return views

    def incremental(self) -> AbstractContextManager[object]:
        """A recogniser that computes flow keeps that of unchanged frames."""
        enter: Callable[[], AbstractContextManager[object]] | None
        enter = getattr(self.model, 'incremental', None)
        if enter is None:
            return nullcontext()
        leaf = self.layouts[0].pixels()[None].to(next(self.model.parameters()))
        # Measured now: inside, graphs of flow are not seen by what measures. A
        # black box has none, and says so itself if a gradient is asked for.
        with torch.enable_grad(), suppress(ValueError):
            self.owner.views_at_once(self, leaf.requires_grad_())
        return enter()

    def clips(self) -> Sequence[Clip]:
        """The video's clips, all crops of one together, by time."""
        return split_clips(self) if self.owner.scorer.unit == 1 else ()

    def part(self, pixels: Tensor, views: Sequence[int]) -> Tensor:
        """Logits (N, R, K) of some views."""
        scorer, pairs = self.owner.scorer, zip(self.layouts, pixels, strict=True)
        inputs = [layout.render(x, views) for layout, x in pairs]
        logits = []
        for batch in scorer.forwards(inputs, self.data_samples):
            with head_outputs(scorer.model) as capture:
                data = scorer.model.data_preprocessor(batch, False)
                scorer.model._run_forward(data, mode='predict')
            logits.append(rows_of(capture.logits, len(batch['inputs'])))
        return torch.cat(logits)

    def __call__(self, pixels: Tensor, views: Sequence[int] | None = None) -> Tensor:
        """Averaged outputs (N, K), as the test path scores them.

        Args:
            pixels: (N, C, T, H, W).
            views: Numbers of those to score, as if there were no others; None: all.
        """
        owner, views = self.owner, range(self.views) if views is None else views
        # Without a gradient too: a chunk's activations are what takes the memory.
        chunk = owner.views_at_once(self, pixels)
        if chunk >= len(views):
            logits = self.part(pixels, views)
        else:
            mean = owner.rows_are_averaged(self, pixels)
            logits = chunked(self.part, pixels, views, chunk, mean)
        return average_views(logits, owner.scorer.averaging)


class OneClip(BoundVictim):
    """Some views of the samples, scored as if there were no others.

    Args:
        whole: The victim of all views.
        views: Numbers of the views, crops of one clip.
    """

    def __init__(self, whole: BoundClips, views: Sequence[int]) -> None:
        self.whole, self.views = whole, list(views)

    def __call__(self, pixels: Tensor) -> Tensor:
        """Averaged outputs (N, K) of these views."""
        return self.whole(pixels, self.views)

    def select(self, rows: Tensor) -> OneClip:
        """The clip of some of the samples."""
        return OneClip(self.whole.select(rows), self.views)

    @property
    def model(self) -> nn.Module:
        """The recogniser."""
        return self.whole.model


def split_clips(whole: BoundClips) -> list[Clip]:
    """Views that see the same frames belong to one clip; ordered by first frame.

    Raises:
        ValueError: The samples of the batch are cut into clips in different ways.
    """
    seen = [layout.seen() for layout in whole.layouts]
    cuts = [_by_frames(one) for one in seen]
    if any(cut != cuts[0] for cut in cuts):
        raise ValueError(
            "level='video' needs samples that are cut into clips alike, got videos too short "
            'for their clips beside longer ones; use a batch size of 1'
        )
    clips = []
    for views in cuts[0]:
        frames = torch.stack([one[views].any(dim=0) for one in seen])
        clips.append(Clip(OneClip(whole, views), frames))
    return clips


def _by_frames(seen: Tensor) -> list[list[int]]:
    """Views (V, T) by the frames that they see, in order of time."""
    found: dict[tuple[int, ...], list[int]] = {}
    for view, frames in enumerate(seen):
        found.setdefault(tuple(frames.nonzero().squeeze(1).tolist()), []).append(view)
    return [found[frames] for frames in sorted(found)]
