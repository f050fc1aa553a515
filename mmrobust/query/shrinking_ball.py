"""A ball that shrinks from a clip of the target class into the threat, of a targeted search.

Shapes: C channels, T frames, H, W pixels, K classes; values 0..255.
"""

from __future__ import annotations

from collections.abc import Generator

from torch import Tensor

from mmrobust.query.state import QueryState

# Larger than any change of a clip.
ANY = 1e9
# By which share of its radius the ball shrinks at most, and at least.
MOST, LEAST = 0.25, 0.001
# The least part of a step that is taken.
SLOWEST = 1 / 16


class ShrinkingBall:
    """A clip that keeps the target class while the ball round the clean one shrinks.

    The ball begins so large that the start is inside. Every check is of a step into a
    smaller ball: if the target class holds there, the search moves there and dares
    twice as much next time, in radius and in length of the step; if not, it stays
    where it was and dares half as much. What is outside the threat is never the
    result: ``state.found`` stays the clean clip until the ball is the threat's own.

    Source: Ilyas, Engstrom, Athalye and Lin 2018, arXiv:1804.08598, section 2.3 (start
    from a sample of the target class, shrink eps), as V-BAD does on videos (Jiang, Ma,
    Chen, Bailey and Jiang 2019, arXiv:1904.05181). Deviations: the radius shrinks by a
    share of itself, not by a constant; the length of a step goes with that share.

    Args:
        state: Its goal is targeted.
        start: A clip (C, T, H, W) of the target class.

    Attributes:
        clip: Where the search stands.
        eps: Radius of the ball, in the threat's norm; larger than the threat's.
    """

    def __init__(self, state: QueryState, start: Tensor) -> None:
        self.state, self.share = state, MOST
        clean, threat = state.clean[None], state.threat
        # Where a mask forbids a change, the clean clip is kept.
        self.clip = threat.resized(ANY).project(start[None], clean)[0]
        self.eps = float(threat.distance(self.clip[None], clean)[0])

    def begin(self) -> Generator[Tensor, Tensor, bool]:
        """Ask for the start; whether it is of the target class. One query."""
        answers = yield self.clip[None]
        return bool(self.state.goal.success(answers)[0])

    def advance(self, step: Tensor) -> Generator[Tensor, Tensor, bool]:
        """Dare (a part of) ``step`` in a smaller ball; whether all is done. One query."""
        state = self.state
        candidate = self.clip + max(self.share / MOST, SLOWEST) * step
        smaller = max(state.threat.eps, self.eps * (1 - self.share))
        whole = state.rounded(candidate, smaller)
        answers = yield whole[None]
        if bool(state.goal.success(answers)[0]):
            # Not rounded, or small steps would never add up.
            self.clip, self.eps = state.inside(candidate, smaller), smaller
            self.share = min(MOST, 2 * self.share)
            return smaller <= state.threat.eps and state.stand(whole, answers[0])
        self.share = max(LEAST, self.share / 2)
        return False
