"""One sample under a query attack, as its search sees it.

Shapes: C channels, T frames, H, W pixels, B candidates, K classes; pixels 0..255.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from mmrobust.functional.checks import require
from mmrobust.functional.randomness import SampleRandom
from mmrobust.goals import BoundGoal
from mmrobust.threats import Threat

# A search asks by yielding candidates (B, C, T, H, W), and is sent their
# log-probabilities (B, K). It never holds the victim.
Search = Generator[Tensor, Tensor, None]


@dataclass
class QueryState:
    """What a search knows of its sample, and what it leaves behind.

    Attributes:
        clean: Pixels (C, T, H, W); a picture (C, H, W) becomes a clip of one frame.
        goal: Bound to this sample alone.
        threat: What may be changed.
        bounds: Least and largest pixel value.
        random: The sample's own stream.
        starts: First frames of the views that follow one another in ``clean``.
        grid: The least step of a value.
        span: The range of values; None: that of the bounds.
        picture: Whether H and W are height and width.
        settle: What the input can hold next to a clip (C, T, H, W), in the place of the grid.
        shape: Of the sample as the victim takes it.
        found: Where the search stands, (C, T, H, W), whole steps of the grid from ``clean``
            and inside the threat; the result, whenever the search ends.
        answer: Log-probabilities (K,) that ``found`` got; None before.
        clean_answer: What ``clean`` got, if the search asked.
        estimate: The direction (C, T, H, W) that the search takes for the
            gradient of the objective, and ``origin``, where it was estimated;
            only for diagnosis.
        chosen: See ``changeable``; None before it is asked.
        flags: Raised by the search.
        heard: Answers so far, with the ``least`` and the ``most`` that one was worth.
        measures: Numbers that the search reports of itself, by name.
    """

    clean: Tensor
    goal: BoundGoal
    threat: Threat
    bounds: tuple[float, float]
    random: SampleRandom
    starts: Sequence[int] = (0,)
    grid: float = 1.0
    span: float | None = None
    picture: bool = True
    settle: Callable[[Tensor], Tensor] | None = None
    shape: torch.Size = field(init=False)
    found: Tensor = field(init=False)
    answer: Tensor | None = field(default=None, init=False)
    clean_answer: Tensor | None = field(default=None, init=False)
    estimate: Tensor | None = field(default=None, init=False)
    origin: Tensor | None = field(default=None, init=False)
    chosen: Tensor | None = field(default=None, init=False)
    flags: set[str] = field(default_factory=set, init=False)
    heard: int = field(default=0, init=False)
    least: float = field(default=torch.inf, init=False)
    most: float = field(default=-torch.inf, init=False)
    measures: dict[str, float] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.shape = self.clean.shape
        self.clean = self.clean if self.clean.dim() == 4 else self.clean[:, None]
        self.found = self.clean.clone()

    @property
    def generator(self) -> torch.Generator:
        """The sample's own generator, on the CPU."""
        return self.random.generators[0]

    @property
    def level(self) -> float:
        """What a grey level is to the victim: a 255th of its range."""
        return self.width / 255

    @property
    def width(self) -> float:
        """The range of values."""
        return self.bounds[1] - self.bounds[0] if self.span is None else self.span

    @property
    def grey(self) -> Tensor:
        """The clean clip (C, T, H, W) in grey levels, 0..255; without bounds, from its least on."""
        low = self.bounds[0] if math.isfinite(self.bounds[0]) else float(self.clean.min())
        return (self.clean - low) / self.level

    def as_given(self, clip: Tensor) -> Tensor:
        """A clip (C, T, H, W), shaped as the victim takes it."""
        return clip.reshape(self.shape)

    @property
    def allowed(self) -> Tensor:
        """Where (C, T, H, W) the threat allows any change."""
        return self.threat.steepest(torch.ones_like(self.clean)[None])[0] != 0

    def objective(self, answers: Tensor) -> Tensor:
        """What the search increases (B,), for answers (B, K); -inf where one is not finite."""
        same = torch.zeros(len(answers), dtype=torch.long)
        found = self.goal.select(same).objective(answers)
        sound = found.isfinite() & answers.isfinite().all(dim=1)
        found = torch.where(sound, found, -torch.inf)
        self._hear(found)
        return found

    def reaches(self, answer: Tensor) -> bool:
        """Whether an answer (K,) reaches the goal; all that a label is worth to a search."""
        found = self.goal.success(answer[None])
        self._hear(found)
        return bool(found[0])

    def _hear(self, worth: Tensor) -> None:
        self.heard += len(worth)
        self.least = min(self.least, float(worth.min()))
        self.most = max(self.most, float(worth.max()))

    @property
    def flat(self) -> bool:
        """Whether all answers, several of them, were worth the same to the search."""
        return self.heard > 1 and self.least == self.most

    def inside(self, candidates: Tensor, eps: float | None = None) -> Tensor:
        """Candidates (C, T, H, W) projected onto the threat and the bounds; of another eps."""
        projected = self._threat(eps).project(candidates[None], self.clean[None])[0]
        return projected.clamp(*self.bounds)

    def steepest(self, direction: Tensor) -> Tensor:
        """The step (C, T, H, W) of the threat's norm 1 along ``direction``."""
        return self.threat.steepest(direction[None])[0]

    def corner(self, signs: Tensor) -> Tensor:
        """The clip with the whole budget spent along ``signs`` (C, T, H, W).

        A budget too small for a step everywhere (l_2) goes to the values
        of ``changeable`` alone: rounding would undo it otherwise.
        """
        return self.inside(self.clean + self.threat.eps * self.steepest(signs * self.changeable))

    @property
    def changeable(self) -> Tensor:
        """Values (C, T, H, W), 0 or 1, that ``corner`` changes; drawn once."""
        if self.chosen is None:
            self.chosen = self._chosen(self.clean)
        return self.chosen

    def _chosen(self, like: Tensor) -> Tensor:
        """A random half, quarter, ... of the allowed values, as many as can be paid."""
        order = torch.rand(like.shape, generator=self.generator).to(like)
        share = 1.0
        while True:
            mask = ((order < share) & self.allowed).to(like)
            if float((self.threat.eps * self.steepest(mask)).abs().max()) >= self.grid:
                return mask
            if mask.sum() <= 1:
                return self.allowed.to(like)
            share /= 2

    def rounded(self, candidate: Tensor, eps: float | None = None) -> Tensor:
        """``candidate`` as the victim can hold it, inside threat and bounds; of another eps."""
        inside = self.inside(candidate, eps)
        if self.settle is not None:
            return self.settle(inside)
        whole = self._threat(eps).on_grid(inside[None], self.clean[None], self.grid)[0]
        return whole.clamp(*self.bounds)

    def _threat(self, eps: float | None) -> Threat:
        return self.threat if eps is None else self.threat.resized(eps)

    def accept(self, candidate: Tensor) -> Generator[Tensor, Tensor, bool]:
        """Ask for ``candidate``, rounded, and stand there; whether it succeeds.

        One query. Use as ``if (yield from state.accept(x)): return``.
        """
        whole = self.rounded(candidate)
        answers = yield whole[None]
        return self.stand(whole, answers[0])

    def stand(self, whole: Tensor, answer: Tensor) -> bool:
        """Stand at a candidate that got ``answer`` (K,); whether it succeeds."""
        require(self._held(whole), 'whole', 'whole steps of the grid', 'fractions')
        self.found, self.answer = whole, answer
        return bool(self.goal.success(answer[None])[0])

    def _held(self, whole: Tensor) -> bool:
        """Whether the victim can hold a clip as it stands."""
        if self.settle is not None:
            return torch.equal(self.settle(whole), whole)
        steps = (whole - self.clean) / self.grid
        # What rounding leaves of a difference of two values.
        slack = 2 * max(map(abs, self.bounds)) * torch.finfo(whole.dtype).eps / self.grid
        end = (whole == self.bounds[0]) | (whole == self.bounds[1])
        return bool((((steps - steps.round()).abs() <= slack) | end).all())

    def move(self, candidate: Tensor) -> None:
        """Stand at ``candidate``, rounded, without asking."""
        self.found, self.answer = self.rounded(candidate), None

    def gain(self) -> float:
        """The objective where the search stands, as it was answered."""
        require(self.answer is not None, 'answer', 'one to what the search stands at', None)
        assert self.answer is not None
        return float(self.objective(self.answer[None])[0])
