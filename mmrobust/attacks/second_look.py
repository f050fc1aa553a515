"""What the harness asks once more: is the answer the same, was the other victim fooled?

Shapes: N samples, C channels, T frames, H, W pixels, K outputs.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from mmrobust.goals import BoundGoal
from mmrobust.victims.bound import BoundVictim
from mmrobust.victims.counting import Counters

# A share of the largest output. Batches of other sizes round differently: in single
# precision by far less, in half precision by some thousandths.
SLACK = 0.02


def differ(outputs: Tensor, again: Tensor) -> Tensor:
    """Where (N,) two answers (N, K) are further apart than rounding; on the CPU."""
    gap, most = (again.to(outputs) - outputs).abs(), outputs.abs()
    return (gap.amax(dim=1) > SLACK * most.amax(dim=1)).cpu()


def answers_anew(success_victim: BoundVictim, clean: Tensor, known: Tensor, rows: Tensor) -> Tensor:
    """Where (N,) the success victim, asked about clean pixels again, answers otherwise.

    The first of the samples stands for all: only where it differs are the others
    asked, too. A victim that charges for its answers is not asked.

    Args:
        success_victim: Bound to the N samples; nobody counts these calls.
        clean: Pixels (N, C, T, H, W).
        known: What it answered to them, (N, K).
        rows: Which samples it is about.
    """
    other = torch.zeros(len(clean), dtype=torch.bool)
    for some in () if success_victim.charges else (rows[:1], rows[1:]):
        if len(some):
            with torch.no_grad():
                other[some] = differ(known[some], success_victim.select(some)(clean[some]))
        if not other.any():
            break
    return other


def won_elsewhere(
    victim: BoundVictim, clean: Tensor, found: Tensor, goal: BoundGoal, rows: Tensor
) -> Tensor:
    """Where (N,) the victim that gave the gradients was fooled, and the one it was for not.

    Args:
        victim: Bound to the N samples; nobody counts these calls.
        clean: Pixels (N, C, T, H, W).
        found: What the attack returned, likewise.
        goal: Bound to the N samples.
        rows: The samples (M,) that the other one was not fooled on.
    """
    won = torch.zeros(len(clean), dtype=torch.bool)
    if not len(rows) or victim.charges:
        return won
    one, aim = victim.select(rows), goal.select(rows)
    with torch.no_grad():
        before, after = one(clean[rows]), one(found[rows])
    won[rows] = (aim.is_correct(before) & ~aim.success(before) & aim.success(after)).cpu()
    return won


def other_answers(outputs: Tensor, answers: Mapping[int, Tensor], counters: Counters) -> Tensor:
    """Where (N,) the harness saw other probabilities than a query attack was given."""
    other = torch.zeros(len(outputs), dtype=torch.bool)
    for row, answer in answers.items():
        shown = counters.shown(outputs[row : row + 1].to(answer))[0]
        # Batches of other sizes round differently, by far less.
        other[row] = bool((shown.exp() - answer.exp()).abs().max() > 1e-3)
    return other


def flag_answers(
    counters: Counters, clean: Tensor, found: Tensor, clean_outputs: Tensor, outputs: Tensor
) -> None:
    """Flag ``random_outputs`` where the same pixels were answered differently.

    Args:
        counters: Of the N samples; holds what a query attack was told.
        clean: Pixels (N, C, T, H, W).
        found: What the attack returned, likewise.
        clean_outputs: (N, K) for ``clean``.
        outputs: (N, K) of the last check, for ``found``.
    """
    counters.flag('random_outputs', other_answers(clean_outputs, counters.clean_answers, counters))
    # The last check of a clip that is as it was is a second look at the same pixels.
    still = (found == clean).flatten(1).all(dim=1).cpu()
    counters.flag('random_outputs', still & differ(clean_outputs, outputs))
    asked = (still & (counters.queries > 0)).nonzero().flatten().tolist()
    before = {row: counters.shown(clean_outputs[row : row + 1])[0] for row in asked}
    counters.flag('random_outputs', other_answers(outputs, before, counters))
