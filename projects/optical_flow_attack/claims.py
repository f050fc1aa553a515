"""The paper's claims, as measured: held, did not hold, or undecided.

Every rule is a quantity and a border. The verdict follows from the quantity's
95 % interval: it lies on one side of the border, or the samples do not decide.
The attacks share their samples; intervals of differences are those of
independent samples, which are rather too wide.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import mean, stdev
from typing import Any

from mmrobust.evaluation.claims import Claim, table
from mmrobust.functional.bootstrap import Limits
from mmrobust.functional.interval import newcombe, wilson
from projects.optical_flow_attack.tables import SHORT, Point, Sweeps, percent

# Of the normal distribution: 95 % of two sides.
Z = 1.96


def claims(levels: Mapping[str, Sweeps], moved: Mapping[str, Any]) -> str:
    """The claims (a) to (e) as a Markdown table."""
    stack, video = levels['stack'], levels['video']
    found = [
        *falls(stack),
        *ranking(stack),
        *few_frames(stack),
        *follows(stack, video),
        *transfers(moved),
    ]
    return table(found)


def falls(stack: Sweeps) -> list[Claim]:
    """(a) accuracy falls with eps, most of all at the smallest."""
    series = {attack: _accuracies(stack[attack]) for attack in SHORT}
    n = _n(stack)
    shown = '; '.join(f'{SHORT[a]} {_row(s)}' for a, s in series.items())
    falls = [_less(b, a, n) for s in series.values() for a, b in zip(s, s[1:], strict=False)]
    # No step up may be more than noise, and the whole way must be down.
    rise = min(high for _, high in falls)
    whole = min((_less(s[-1], s[0], n) for s in series.values()), key=lambda limits: limits[0])
    drops = {a: [x - y for x, y in zip(s, s[1:], strict=False)] for a, s in series.items()}
    first = ', '.join(f'{SHORT[a]} {percent(d[0])} of {percent(sum(d))}' for a, d in drops.items())
    elbow = min((_elbow(d, n) for d in drops.values()), key=lambda limits: limits[1])
    return [
        Claim(
            '(a) accuracy falls with eps',
            'from first to last; no step up beyond its interval',
            f'{shown} % (n = {n})',
            (rise, rise) if rise < 0 else whole,
        ),
        Claim(
            '(a) the elbow is at the smallest eps',
            'the first drop is above any other',
            f'{first} points (n = {n})',
            elbow,
        ),
    ]


def ranking(stack: Sweeps) -> list[Claim]:
    """(b) RG far below it-sal, which is just below one-shot."""
    n = _n(stack)
    means = [mean(_accuracies(stack[attack])[1:]) for attack in SHORT]
    one, plain, fresh = (_rate(value, n) for value in means)
    shown = ', '.join(f'{s} {percent(v)} %' for s, v in zip(SHORT.values(), means, strict=True))
    points = stack['IterativeSaliencyRG']['points']
    chance = 1 / stack['IterativeSaliencyRG']['classes']
    early = [p for p in points if p['eps'] / 255 <= 0.0151]
    level = min((p['adversarial_accuracy'] for p in early), default=1.0)
    limits = _rate(level, n)
    return [
        Claim(
            '(b) RG << it-sal',
            'mean accuracy over eps at most half as high',
            f'{shown} (n = {n})',
            (plain[0] / 2 - fresh[1], plain[1] / 2 - fresh[0]),
        ),
        Claim(
            '(b) it-sal <~ one-shot',
            'mean accuracy over eps not above it',
            f'{percent(means[1])} ({_band(plain)}) against {percent(means[0])} ({_band(one)}) %',
            _less(means[1], means[0], n),
        ),
        Claim(
            '(b) RG reaches chance by eps 0.015',
            f'accuracy at most 1/{1 / chance:.0f}',
            f'{percent(level)} % (n = {n})',
            (chance - limits[1], chance - limits[0]),
        ),
    ]


def few_frames(stack: Sweeps) -> list[Claim]:
    """(c) two or three frames suffice, one is the most common."""
    found = []
    for attack in list(SHORT)[1:]:
        by_eps = list(stack[attack]['frames'].values())
        needed = [float(n) for frames in by_eps for n in frames]
        middle, half = _average(needed)
        found.append(
            Claim(
                f'(c) {SHORT[attack]}: at most three frames suffice',
                'mean over successes <= 3',
                f'{middle:.2f} frames (n = {len(needed)})',
                (3 - middle - half, 3 - middle + half),
            )
        )
        counts = Counter(needed)
        single, n = counts.pop(1.0, 0), len(needed)
        other = max(counts.values(), default=0)
        found.append(
            Claim(
                f'(c) {SHORT[attack]}: a single frame is the most common',
                'mode of the histogram',
                f'{single} of {n} need one, {other} the next most common number',
                newcombe(single, n, other, n),
            )
        )
        found.append(_trend(attack, [[float(n) for n in frames] for frames in by_eps]))
    return found


def _trend(attack: str, by_eps: Sequence[Sequence[float]]) -> Claim:
    """(c) with eps, it-sal needs more frames and RG fewer."""
    sign, word = (1, 'rises') if attack == 'IterativeSaliency' else (-1, 'falls')
    (first, one), (last, two) = _average(by_eps[0]), _average(by_eps[-1])
    change, half = sign * (last - first), math.hypot(one, two)
    shown = ' '.join(f'{_average(frames)[0]:.2f}' for frames in by_eps)
    rule = 'last against first budget'
    text = f'(c) {SHORT[attack]}: FP {word} with eps'
    return Claim(text, rule, shown, (change - half, change + half))


def follows(stack: Sweeps, video: Sweeps) -> list[Claim]:
    """(d) the video level follows the stack level."""
    n, m = _n(stack), _n(video)
    margins, details = [], []
    for attack in SHORT:
        pairs = list(zip(_accuracies(stack[attack]), _accuracies(video[attack]), strict=True))
        a, b = max(pairs, key=lambda pair: abs(pair[0] - pair[1]))
        low, high = newcombe(round(a * n), n, round(b * m), m)
        nearest = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
        margins.append((0.15 - max(abs(low), abs(high)), 0.15 - nearest))
        details.append(f'{SHORT[attack]} {percent(abs(a - b))}')
    return [
        Claim(
            '(d) video level follows stack level',
            'never more than 15 points apart',
            f'largest gap: {", ".join(details)} points (n = {n} stacks, {m} videos)',
            min(margins),
        )
    ]


def transfers(moved: Mapping[str, Any]) -> list[Claim]:
    """(e) transfer is weaker than white box; RG's lead shrinks under it."""
    rates = {attack: _rates(card['cells']) for attack, card in moved.items()}
    found = [claim for attack, by in rates.items() for claim in _carried(attack, by)]
    n = min(n for by in rates.values() for pairs in by.values() for _, n in pairs)
    strong, weak = rates['IterativeSaliencyRG'], rates['OneShot']
    lead = {t: strong[t][-1][0] - weak[t][-1][0] for t in weak}
    shown = ', '.join(f'{t} {percent(v)}' for t, v in lead.items())
    white = lead.pop('white box')
    shrink = white - max(lead.values())
    # Four rates of at least n samples each.
    half = Z * math.sqrt(4 * 0.25 / max(n, 1))
    found.append(
        Claim(
            "(e) RG's lead over one-shot shrinks under transfer",
            'at the largest eps, on both targets',
            f'{shown} points (n >= {n})',
            (shrink - half, shrink + half),
        )
    )
    return found


def _carried(attack: str, by_target: Mapping[str, list[tuple[float, int]]]) -> list[Claim]:
    """(e) for one attack; rates with n by target, in the order of eps."""
    white = by_target['white box']
    others = {name: pairs for name, pairs in by_target.items() if name != 'white box'}
    shown = '; '.join(f'{t} {_row([rate for rate, _ in v])} %' for t, v in by_target.items())
    weaker = [
        _greater(a, b) for pairs in others.values() for a, b in zip(white, pairs, strict=True)
    ]
    # Equal at 0 or 1 is no violation: only a target fooled more often is.
    worst = min(high for _, high in weaker)
    sum_low = min(_greater(_pooled(white), _pooled(pairs))[0] for pairs in others.values())
    small = [_rate(rate, n) for rate, n in (pairs[0] for pairs in others.values())]
    grows = [_greater(pairs[-1], pairs[0]) for pairs in others.values()]
    return [
        Claim(
            f'(e) {SHORT[attack]}: transfer is weaker than white box',
            'on the mean over eps; at no eps stronger beyond its interval',
            shown,
            (worst, worst) if worst < 0 else (sum_low, worst),
        ),
        Claim(
            f'(e) {SHORT[attack]}: transfer is small at low eps, clear at high',
            'below 20 % at the smallest eps, higher at the largest',
            'as above',
            (
                min(min(0.2 - high for _, high in small), min(low for low, _ in grows)),
                min(min(0.2 - low for low, _ in small), min(high for _, high in grows)),
            ),
        ),
    ]


def _rates(cells: Sequence[Point]) -> dict[str, list[tuple[float, int]]]:
    """Success rates with their n by target, in the order of eps."""
    found: dict[str, list[tuple[float, int]]] = {}
    for cell in cells:
        name = 'white box' if cell['white_box'] else cell['target']
        pair = (cell['success_rate'] or 0.0, cell['both_right'])
        found.setdefault(name, []).append(pair)
    return found


def _pooled(pairs: Sequence[tuple[float, int]]) -> tuple[float, int]:
    """Mean rate over eps; n is that of one eps, for the samples are the same."""
    return mean(rate for rate, _ in pairs), pairs[0][1]


def _greater(one: tuple[float, int], two: tuple[float, int]) -> Limits:
    (a, n), (b, m) = one, two
    return newcombe(round(a * n), n, round(b * m), m)


def _less(small: float, large: float, n: int) -> Limits:
    return _greater((large, n), (small, n))


def _elbow(drops: Sequence[float], n: int) -> Limits:
    """First drop less the largest other; a drop is a share of the same n samples."""
    return _greater((max(drops[0], 0.0), n), (max(0.0, *drops[1:]), n))


def _rate(value: float, n: int) -> Limits:
    return wilson(round(value * n), n)


def _average(values: Sequence[float]) -> tuple[float, float]:
    """Mean and half its 95 % interval."""
    if len(values) < 2:
        return (values[0] if values else 0.0), math.inf
    return mean(values), Z * stdev(values) / math.sqrt(len(values))


def _accuracies(sweep: Mapping[str, Any]) -> list[float]:
    points: Sequence[Point] = sweep['points']
    return [points[0]['clean_accuracy'], *(p['adversarial_accuracy'] for p in points)]


def _n(level: Sweeps) -> int:
    return int(level['OneShot']['points'][0]['n'])


def _row(values: Sequence[float]) -> str:
    return ' '.join(percent(value) for value in values)


def _band(limits: Limits) -> str:
    return '-'.join(f'{100 * value:.0f}' for value in limits)
