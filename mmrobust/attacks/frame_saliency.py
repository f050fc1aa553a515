"""Perturb one frame at a time, the most salient first.

Inkawhich, Inkawhich, Chen, Li 2018, arXiv:1811.11875. Shapes: N samples,
C channels, T frames, H, W pixels; values 0..255.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from mmrobust.attacks.ascent import ascent
from mmrobust.attacks.base import Attack
from mmrobust.functional.checks import require
from mmrobust.functional.randomness import SampleRandom
from mmrobust.functional.saliency import frame_saliency
from mmrobust.goals import BoundGoal
from mmrobust.victims.bound import Clip
from mmrobust.victims.counting import CountingVictim
from mmrobust.victims.spliced import Spliced

Level = Literal['stack', 'video']


@dataclass(kw_only=True, eq=False)
class FrameSaliency(Attack):
    """Frames in order of saliency, until the victim is fooled.

    A frame is changed once; in the l_2 ball, which all frames share, each later
    one takes length from those before, down to nothing after rounding: the
    ``frames`` of an outcome are those that differ in the end, not those tried.
    Each sample has its own order and leaves the batch when it succeeds; what is
    tested are whole grey levels. A sample that is still right when all its
    frames are used up has failed.

    Args:
        threat: See :class:`~mmrobust.attacks.base.Attack`. Frames that a mask
            forbids are not tried.
        goal: See :class:`~mmrobust.attacks.base.Attack`.
        inner: How a frame is changed. None: one step of length eps along the
            steepest direction (the paper's: eps times the sign of the gradient,
            as in :class:`~mmrobust.attacks.one_shot.OneShot`). Or any attack that does
            not go by frames itself: it sees one free frame, and its own threat and
            goal are not used.
        level: ``stack``: all frames of a sample are candidates at once.
            ``video``: clip after clip, in order of time: a clip's own frames
            until this clip is fooled, then a look at the whole video, and no
            further clip once that is fooled. Where a video is one clip, or its
            clips cannot be scored apart, both are the same.
    """

    #: Whether gradients are taken again after each frame.
    refresh: ClassVar[bool]

    inner: Attack | None = None
    level: Level = 'stack'

    def __post_init__(self) -> None:
        super().__post_init__()
        usable = self.inner is None or isinstance(self.inner, Attack)
        usable = usable and not isinstance(self.inner, FrameSaliency)
        rule = 'an attack or its config, none that goes by frames'
        require(usable, 'inner', rule, self.inner)
        require(self.level in ('stack', 'video'), 'level', 'stack or video', self.level)

    def run(
        self, victim: CountingVictim, pixels: Tensor, goal: BoundGoal, rng: SampleRandom
    ) -> Tensor:
        """Search the sample as a whole, or clip by clip."""
        shape = tuple(pixels.shape)
        require(len(shape) == 5, 'pixels', 'videos (N, C, T, H, W), which have frames', shape)
        allowed = self._allowed(pixels)
        with victim.incremental():
            clips = victim.clips() if self.level == 'video' else ()
            if len(clips) < 2:
                # The harness hands over samples that are right: no need to ask.
                right = torch.zeros(len(pixels), dtype=torch.bool)
                return self.search(victim, pixels, pixels, allowed, goal, rng, right)
            return self._video(victim, clips, pixels, allowed, goal, rng)

    def _video(
        self,
        victim: CountingVictim,
        clips: Sequence[Clip],
        pixels: Tensor,
        allowed: Tensor,
        goal: BoundGoal,
        rng: SampleRandom,
    ) -> Tensor:
        """Clip after clip, until the whole video is fooled."""
        found, left = pixels.clone(), torch.arange(len(pixels))
        for clip in clips:
            part = clip.victim.select(left)
            assert isinstance(part, CountingVictim)
            open_frames = allowed[left] & clip.frames[left].to(allowed.device)
            aim, streams = goal.select(left), rng.select(left)
            found[left] = self.search(part, found[left], pixels[left], open_frames, aim, streams)
            # Clips may share frames; what one has changed is not for the next.
            changed = (found[left] != pixels[left]).flatten(3).any(dim=3).any(dim=1)
            allowed[left] &= ~changed.to(allowed.device)
            verdict = victim.select(left).verdict(found[left])
            left = left[~aim.success(verdict).cpu()]
            if not len(left):
                break
        return found

    def search(
        self,
        victim: CountingVictim,
        found: Tensor,
        clean: Tensor,
        allowed: Tensor,
        goal: BoundGoal,
        rng: SampleRandom,
        won: Tensor | None = None,
    ) -> Tensor:
        """Change allowed frames (N, T) of ``found``, one at a time; (N, C, T, H, W).

        ``won`` (N,) says which samples succeed at the start, where it is known.
        """
        found, allowed = found.clone(), allowed.clone()
        live = torch.arange(len(found))
        won, gradient = self._look(victim, found, allowed, goal, won)
        while True:
            going = (~won & allowed[live].any(dim=1).cpu()).nonzero().squeeze(1)
            live, gradient = live[going], gradient[going]
            if not len(live):
                return found
            target, aim = victim.select(live), goal.select(live)
            frame = frame_saliency(gradient).masked_fill(~allowed[live], -1).argmax(dim=1)
            allowed[live.to(frame.device), frame] = False
            chosen = torch.zeros_like(allowed[live]).scatter_(1, frame[:, None], True)
            mask = chosen[:, None, :, None, None]
            changed = self._change(
                target, found[live], clean[live], gradient, mask, aim, rng.select(live)
            )
            found[live] = self.rounded(changed, clean[live], victim)
            if self.refresh:
                won, gradient = self._look(target, found[live], allowed[live], aim)
            else:
                won = aim.success(target.verdict(found[live])).cpu()

    def _look(
        self,
        victim: CountingVictim,
        found: Tensor,
        allowed: Tensor,
        goal: BoundGoal,
        won: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Which samples (N,) succeed, and the gradient (N, ...) for the others.

        Where the victim itself decides, one forward serves both; where another
        one does, no forward is spent on samples that it says are done.
        """
        if won is None and victim.success_on is not None:
            won = goal.success(victim.verdict(found)).cpu()
        possible = allowed.any(dim=1).cpu()
        rows = (torch.ones_like(possible) if won is None else ~won & possible).nonzero().squeeze(1)
        gradient = torch.zeros_like(found)
        if not len(rows):
            return torch.ones_like(possible) if won is None else won, gradient
        victim, goal, leaf = victim.select(rows), goal.select(rows), found[rows].requires_grad_()
        outputs = victim(leaf)
        if won is None:
            won = goal.success(outputs.detach()).cpu()
        wanted = (~won & possible)[rows].nonzero().squeeze(1)
        if len(wanted):
            found_gradient = ascent(victim, leaf, outputs[wanted], goal.select(wanted))
            flat = self.threat.steepest(found_gradient[wanted]).flatten(1)
            victim.select(wanted).flag('zero_gradient', ~flat.any(dim=1))
            gradient[rows] = found_gradient
        return won, gradient

    def _change(
        self,
        victim: CountingVictim,
        found: Tensor,
        clean: Tensor,
        gradient: Tensor,
        mask: Tensor,
        goal: BoundGoal,
        rng: SampleRandom,
    ) -> Tensor:
        """``found`` with the frame under ``mask`` (N, 1, T, 1, 1) changed."""
        if self.inner is None:
            inside = torch.where(mask, gradient, torch.zeros_like(gradient))
            return found + self.threat.eps * self.threat.steepest(inside)
        inner = copy.copy(self.inner)
        inner.threat = self.threat
        changed = inner.run(Spliced(victim, found, mask), clean, goal, rng)
        return torch.where(mask, changed, found)

    def _allowed(self, pixels: Tensor) -> Tensor:
        """Frames (N, T) in which the threat allows any change."""
        direction = self.threat.steepest(torch.ones_like(pixels))
        return direction.abs().amax(dim=(1, 3, 4)) > 0
