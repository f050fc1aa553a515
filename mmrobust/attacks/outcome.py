"""What an attack did to one sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from torch import Tensor


@dataclass(frozen=True)
class Outcome:
    """The record of one attacked sample.

    Attributes:
        adversarial: Pixels (C, T, H, W), inside the budget; uint8 for a picture.
        attacked: False where there was nothing to do: the victim was wrong on
            the clean sample already.
        success: The goal is reached by ``adversarial`` as it stands, rounded.
        scores: Outputs (K,) of the victim on ``adversarial``.
        linf: Largest change of a value, grey levels.
        l2: Euclidean length of the change, grey levels.
        frames: Number of frames that changed.
        forwards: Calls of the victim by the attack; the clean pass and the final
            check are the harness's and not counted.
        backwards: Gradients taken by the attack.
        queries: Calls of a victim that shows scores or labels only, among them
            that of ``success_on``; 0 for an attack on a victim that shows all.
        flags: sorted: ``zero_gradient``, ``not_finite``, ``unchanged``,
            ``random_outputs`` (the victim answers the same pixels differently); the rest is in
            the documentation's page on concepts.
        mean_abs: Mean absolute change of a value, grey levels.
        rmse: Root of the mean square change of a value, grey levels.
        l1: Sum of the absolute changes, grey levels.
        values: Number of values that changed.
        pixels: Likewise of pixels, whose channels count as one.
        measures: What the attack reports of itself, by name.
        notes: Likewise, in words: ``broken_by``, the member of an ensemble that succeeded.
        timing: Seconds in and outside the victim (``victim_seconds``,
            ``outside_seconds``), the sample's share of the victim's calls
            (``calls``) and its queries in them (``asked``); of this run alone,
            and only from attacks that measure it.
    """

    adversarial: Tensor
    attacked: bool
    success: bool
    scores: Tensor
    linf: float
    l2: float
    frames: int
    forwards: int
    backwards: int
    queries: int
    flags: tuple[str, ...]
    mean_abs: float = 0.0
    rmse: float = 0.0
    l1: float = 0.0
    values: int = 0
    pixels: int = 0
    measures: Mapping[str, float] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    timing: Mapping[str, float] = field(default_factory=dict, compare=False)

    def inside(self, video: Tensor, frames: Tensor) -> Outcome:
        """The outcome of a whole video (C, T, H, W) of which only ``frames`` (t,) were attacked."""
        whole = video.detach().to(self.adversarial.dtype, copy=True)
        whole[:, frames] = self.adversarial
        return replace(self, adversarial=whole)
