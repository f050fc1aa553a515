"""Whether an attack that left samples standing could have broken them at all.

Each is asked of samples that no attack of an ensemble broke, and breaks none itself.
Shapes: N samples, C channels, T frames, H, W pixels; values 0..255.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from mmrobust.attacks.apgd import APGD
from mmrobust.functional.randomness import SampleRandom
from mmrobust.goals import BoundGoal
from mmrobust.threats import Threat
from mmrobust.victims.counting import CountingVictim

# Neighbours of a clean sample, and how far they are at most: a share of the range of values.
NEIGHBOURS, NEAR = 20, 4 / 255
# Mean relative change of the loss between neighbours, from which on it is no guide.
UNSTABLE = 0.1
UNBOUNDED_STEPS = 20


def indicators(
    victim: CountingVictim, clean: Tensor, goal: BoundGoal, threat: Threat, rng: SampleRandom
) -> dict[str, Tensor]:
    """Where (N,) ``unbounded_fails``, ``unstable_loss`` and ``dynamic_victim`` hold.

    Source: the second and the sixth indicator of failure of Pintor et al. 2022,
    arXiv:2106.09947 (with 20 neighbours, within 4 grey levels), and AutoAttack's warning of
    gradients in a forward. A victim without least and largest value knows the last alone.

    Args:
        victim: Of the N samples.
        clean: Their pixels (N, C, T, H, W).
        goal: Bound to them.
        threat: Within which they were attacked.
        rng: One random stream per sample.
    """
    inside = takes_gradients(victim, clean)
    flags = {}
    flags['dynamic_victim'] = torch.full((len(clean),), inside)
    if all(map(math.isfinite, victim.bounds)):
        flags['unstable_loss'] = unstable(victim, clean, goal, rng.fork('neighbours'))
        streams = rng.fork('unbounded')
        flags['unbounded_fails'] = stands_unbounded(victim, clean, goal, threat, streams)
    return flags


def unstable(victim: CountingVictim, clean: Tensor, goal: BoundGoal, rng: SampleRandom) -> Tensor:
    """Where (N,) the loss of close neighbours differs by more than a tenth of its size.

    The loss is the margin, if the goal knows that: a cross-entropy next to zero is unstable
    by being small.
    """
    aim = goal.with_loss('margin') if 'margin' in goal.losses() else goal
    low, high = victim.bounds
    total = torch.zeros(len(clean), dtype=torch.float64)
    with torch.no_grad():
        known = aim.objective(victim(clean)).double().cpu()
        for _ in range(NEIGHBOURS):
            moved = clean + (high - low) * NEAR * (2 * rng.uniform_like(clean) - 1)
            other = aim.objective(victim(moved.clamp(low, high))).double().cpu()
            total += ((other - known).abs() / known.abs().clamp(min=1e-12)).clamp(max=1)
    return total / NEIGHBOURS > UNSTABLE


def stands_unbounded(
    victim: CountingVictim, clean: Tensor, goal: BoundGoal, threat: Threat, rng: SampleRandom
) -> Tensor:
    """Where (N,) 20 steps of APGD find nothing though any value may be reached.

    What a threat leaves alone, such as the frames outside of a mask, is left alone here, too.
    """
    free = threat.resized(threat.longest(clean, victim.bounds))
    attack = APGD(free, goal.goal, steps=UNBOUNDED_STEPS)
    found = attack.rounded(attack.run(victim, clean.clone(), goal, rng), clean, victim)
    return ~goal.success(victim.verdict(found)).cpu()


def takes_gradients(victim: CountingVictim, pixels: Tensor) -> bool:
    """Whether a forward of the victim takes gradients of its own.

    Such a victim (a purifier, a test-time optimiser) is another function to the attack than
    to the test. Seen are calls of ``torch.autograd.grad``, ``torch.autograd.backward`` and
    ``Tensor.backward``, not those by names that were imported before.
    """
    calls: list[str] = []
    grad, backward = (_watched(torch.autograd, name, calls) for name in ('grad', 'backward'))
    with grad, backward, torch.no_grad():
        victim(pixels)
    return bool(calls)


@contextmanager
def _watched(owner: Any, name: str, calls: list[str]) -> Iterator[None]:
    """A function of torch's that takes note of its calls, inside; as it was after."""
    known: Callable[..., Any] = getattr(owner, name)

    def noted(*args: Any, **options: Any) -> Any:
        calls.append(name)
        return known(*args, **options)

    setattr(owner, name, noted)
    try:
        yield
    finally:
        setattr(owner, name, known)
