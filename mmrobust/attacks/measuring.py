"""From what an attack returned to one outcome per sample.

Shapes: N samples, C channels, T frames, H, W pixels, K outputs.
"""

from torch import Tensor

from mmrobust.attacks.outcome import Outcome
from mmrobust.attacks.second_look import other_answers
from mmrobust.functional.counting import changed_units
from mmrobust.functional.norms import l1_norm, l2_norm, linf_norm
from mmrobust.functional.rounding import spacing
from mmrobust.goals import BoundGoal
from mmrobust.threats import Threat
from mmrobust.victims.counting import Counters

# What they say of an attack that found something is not worth saying.
OF_FAILURES = frozenset({'not_converged'})


def measured(
    threat: Threat,
    goal: BoundGoal,
    clean: Tensor,
    adversarial: Tensor,
    outputs: Tensor,
    attackable: Tensor,
    counters: Counters,
) -> list[Outcome]:
    """Measure and pack; the budget was enforced, so a breach is a bug.

    Args:
        threat: What might be changed.
        goal: Bound to the N samples.
        clean: Pixels (N, C, T, H, W).
        adversarial: What the attack returned, rounded.
        outputs: (N, K) of the last check.
        attackable: (N,) bool, the samples that were attacked.
        counters: Of the samples.
    """
    distance = threat.distance(adversarial, clean)
    assert bool((distance <= threat.eps * (1 + 1e-5) + spacing(clean)).all()), distance
    success = goal.success(outputs) & attackable
    delta = adversarial - clean
    changed = delta.transpose(1, 2).flatten(2).any(dim=2) if delta.dim() == 5 else delta[:, :0]
    linf, l2, l1 = linf_norm(delta), l2_norm(delta), l1_norm(delta)
    values = changed_units(delta, 'value').sum(dim=1)
    pixels = changed_units(delta, 'pixel').sum(dim=1)
    unsound = ~outputs.isfinite().all(dim=1)
    still = attackable & (linf == 0)
    flags = {'unchanged': still, 'not_finite': unsound}
    flags['random_outputs'] = other_answers(outputs, counters.answers, counters)
    flags['success_lost'] = counters.seen.to(success.device) & attackable & ~success
    for name, mask in flags.items():
        counters.flag(name, mask)
    for row in success.nonzero().squeeze(1).tolist():
        counters.flags[row] -= OF_FAILURES
    return [
        Outcome(
            adversarial=adversarial[i],
            attacked=bool(attackable[i]),
            success=bool(success[i]),
            scores=outputs[i],
            linf=float(linf[i]),
            l2=float(l2[i]),
            frames=int(changed[i].sum()),
            forwards=int(counters.forwards[i]),
            backwards=int(counters.backwards[i]),
            queries=int(counters.queries[i]),
            flags=tuple(sorted(counters.flags[i])),
            mean_abs=float(delta[i].abs().mean()),
            rmse=float(delta[i].square().mean().sqrt()),
            l1=float(l1[i]),
            values=int(values[i]),
            pixels=int(pixels[i]),
            measures=counters.measures[i],
            notes=counters.notes[i],
            timing=counters.timing[i],
        )
        for i in range(len(clean))
    ]
