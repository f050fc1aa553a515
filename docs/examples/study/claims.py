"""What is claimed, as a quantity that is above zero if it holds."""

from collections.abc import Mapping, Sequence
from typing import Any

from mmrobust.evaluation.claims import Claim
from mmrobust.evaluation.estimates import averaged, shown
from mmrobust.functional.bootstrap import DIFFERENCE, SHARE

# Lines of a ledger, one per attacked sample, by arm and budget.
Found = Mapping[tuple[str, float], Sequence[Mapping[str, Any]]]


def claims(found: Found, budgets: Sequence[float]) -> list[Claim]:
    """All claims on one victim; what is compared are attacks on the same videos."""
    better = [more_often(found, ('mi_fgsm', eps), ('pgd', eps)) for eps in budgets]
    low, high = min(budgets), max(budgets)
    grow = [more_often(found, (arm, high), (arm, low)) for arm in ('pgd', 'mi_fgsm') if low < high]
    return better + grow


def more_often(found: Found, one: tuple[str, float], other: tuple[str, float]) -> Claim:
    """That one attack fools the victim more often than another one."""
    # A sample is attacked if the victim has it right, which is so in both or in neither.
    pairs = zip(found[one], found[other], strict=True)
    gain = averaged([float(a['success']) - float(b['success']) for a, b in pairs], DIFFERENCE)
    names = [f'{arm} at {eps:g}' for arm, eps in (one, other)]
    return Claim(
        text=f'{names[0]} fools it more often than {names[1]}',
        rule='difference of the rates, the same videos',
        measured=shown(gain),
        margin=gain.limits,
    )


def fooled(lines: Sequence[Mapping[str, Any]]) -> str:
    """The success rate, with its interval."""
    return shown(averaged([float(line['success']) for line in lines], SHARE))
