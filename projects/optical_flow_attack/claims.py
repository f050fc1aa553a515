"""The paper's table and its claims, as measured.

Every rule says what would count as held, so that it can fail. Intervals are
95 % Wilson intervals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

Point = Mapping[str, Any]
# Attack -> its points, and the frames needed for every success by budget.
Sweeps = Mapping[str, Mapping[str, Any]]
SHORT = {
    'OneShot': 'one-shot',
    'IterativeSaliency': 'it-sal',
    'IterativeSaliencyRG': 'it-sal-RG',
}


def percent(value: float | None) -> str:
    """A share in per cent."""
    return '-' if value is None else f'{100 * value:.1f}'


def banded(point: Point, name: str) -> str:
    """A share with its interval, in per cent."""
    low, high = point[f'{name}_low'], point[f'{name}_high']
    if low is None:
        return '-'
    return f'{percent(point[name])} ({100 * low:.0f}-{100 * high:.0f})'


def tables(levels: Mapping[str, Sweeps], moved: Mapping[str, Any]) -> str:
    """Table 3.1, the frames needed, and the transfer matrix, in Markdown."""
    stack, video = levels['stack'], levels['video']
    n = [level['OneShot']['points'][0]['n'] for level in (stack, video)]
    clean = [level['OneShot']['points'][0]['clean_accuracy'] for level in (stack, video)]
    lines = [
        f'Clean accuracy: {percent(clean[0])} % of {n[0]} stacks, {percent(clean[1])} % of '
        f'{n[1]} videos (white box). Accuracy in % with interval; FP: mean frames perturbed '
        'over successes.',
        '',
        '| eps | ' + ' | '.join(f'{s} Stk-A | FP | Vid-A' for s in SHORT.values()) + ' |',
        '|---' * 10 + '|',
    ]
    for row, point in enumerate(stack['OneShot']['points']):
        cells = [f'{point["eps"] / 255:.3f} ({point["eps"]:.1f})']
        for attack in SHORT:
            one, whole = stack[attack]['points'][row], video[attack]['points'][row]
            frames = '-' if one['frames'] is None else f'{one["frames"]:.2f}'
            cells += [banded(one, 'adversarial_accuracy'), frames]
            cells.append(banded(whole, 'adversarial_accuracy'))
        lines.append('| ' + ' | '.join(cells) + ' |')
    return '\n'.join([*lines, '', *_histograms(stack), '', *_matrix(moved), ''])


def _histograms(stack: Sweeps) -> list[str]:
    lines = ['Frames needed over the successes of all budgets (number of frames: successes):', '']
    for attack in list(SHORT)[1:]:
        needed = [n for frames in stack[attack]['frames'].values() for n in frames]
        counts = ', '.join(f'{k}: {v}' for k, v in sorted(Counter(needed).items()))
        lines.append(f'- {SHORT[attack]}: {counts or "none"}')
    return lines


def _matrix(moved: Mapping[str, Any]) -> list[str]:
    lines = [
        'Transfer from the FlowNet2 victim: success rate in % over the stacks that both '
        'classify right; in brackets interval and n.',
        '',
        '| attack | eps | target | success | target accuracy clean -> attacked |',
        '|---|---|---|---|---|',
    ]
    for attack, card in moved.items():
        for cell in card['cells']:
            name = cell['target'] + (' (white box)' if cell['white_box'] else '')
            accuracy = f'{percent(cell["clean_accuracy"])} -> '
            accuracy += percent(cell['adversarial_accuracy'])
            success = f'{banded(cell, "success_rate")}, n = {cell["both_right"]}'
            cells = (SHORT[attack], f'{cell["eps"] / 255:.3f}', name, success, accuracy)
            lines.append('| ' + ' | '.join(cells) + ' |')
    return lines


def claims(levels: Mapping[str, Sweeps], moved: Mapping[str, Any]) -> str:
    """The claims (a) to (e): held or did not hold, with what was measured."""
    stack, video = levels['stack'], levels['video']
    found = [
        *falls(stack),
        *ranking(stack),
        *few_frames(stack),
        *follows(stack, video),
        *transfers(moved),
    ]
    lines = ['| claim | rule | measured | verdict |', '|---|---|---|---|']
    for claim, rule, measured, held in found:
        lines.append(f'| {claim} | {rule} | {measured} | {"held" if held else "did not hold"} |')
    return '\n'.join(lines)


Verdict = tuple[str, str, str, bool]


def _accuracies(sweep: Mapping[str, Any]) -> list[float]:
    points: Sequence[Point] = sweep['points']
    return [points[0]['clean_accuracy'], *(p['adversarial_accuracy'] for p in points)]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else float('nan')


def falls(stack: Sweeps) -> list[Verdict]:
    """(a) accuracy falls with eps, most of all at the smallest."""
    series = {attack: _accuracies(stack[attack]) for attack in SHORT}
    n = stack['OneShot']['points'][0]['n']
    slack = 2 / n
    down = all(b <= a + slack for s in series.values() for a, b in zip(s, s[1:], strict=False))
    shown = '; '.join(f'{SHORT[a]} {" ".join(percent(v) for v in s)}' for a, s in series.items())
    drops = {a: [x - y for x, y in zip(s, s[1:], strict=False)] for a, s in series.items()}
    elbow = all(d[0] == max(d) for d in drops.values())
    first = ', '.join(f'{SHORT[a]} {percent(d[0])} of {percent(sum(d))}' for a, d in drops.items())
    return [
        (
            '(a) accuracy falls with eps',
            'no rise of more than 2 stacks between neighbours',
            f'{shown} % (n = {n})',
            down,
        ),
        (
            '(a) the elbow is at the smallest eps',
            'the first drop is the largest',
            f'{first} points',
            elbow,
        ),
    ]


def ranking(stack: Sweeps) -> list[Verdict]:
    """(b) RG far below it-sal, which is just below one-shot."""
    means = {a: _mean(_accuracies(stack[a])[1:]) for a in SHORT}
    one, plain, fresh = (means[a] for a in SHORT)
    shown = ', '.join(f'{SHORT[a]} {percent(v)} %' for a, v in means.items())
    points = stack['IterativeSaliencyRG']['points']
    n, classes = points[0]['n'], stack['IterativeSaliencyRG']['classes']
    early = [p for p in points if p['eps'] / 255 <= 0.0151]
    level = min((p['adversarial_accuracy'] for p in early), default=1.0)
    return [
        (
            '(b) RG << it-sal',
            'mean accuracy over eps at most half as high',
            f'{shown} (n = {n})',
            fresh <= plain / 2 and plain > 0,
        ),
        (
            '(b) it-sal <~ one-shot',
            'mean accuracy over eps not above it',
            f'{percent(plain)} against {percent(one)} %',
            plain <= one,
        ),
        (
            '(b) RG reaches chance by eps 0.015',
            f'accuracy at most 1/{classes}',
            f'{percent(level)} % (n = {n})',
            level <= 1 / classes,
        ),
    ]


def few_frames(stack: Sweeps) -> list[Verdict]:
    """(c) two or three frames suffice, one is the most common."""
    found: list[Verdict] = []
    for attack in list(SHORT)[1:]:
        sweep = stack[attack]
        needed = [n for frames in sweep['frames'].values() for n in frames]
        counts = Counter(needed)
        n, average = len(needed), _mean(needed)
        found.append(
            (
                f'(c) {SHORT[attack]}: at most three frames suffice',
                'mean over successes <= 3',
                f'{average:.2f} frames (n = {n})',
                bool(needed) and average <= 3,
            )
        )
        single = counts[1] / n if n else 0.0
        found.append(
            (
                f'(c) {SHORT[attack]}: a single frame is the most common',
                'mode of the histogram',
                f'{percent(single)} % of {n} need one',
                bool(needed) and counts[1] == max(counts.values()),
            )
        )
        ends = [p['frames'] for p in sweep['points'] if p['frames'] is not None]
        rises = attack == 'IterativeSaliency'
        word = 'rises' if rises else 'falls'
        change = ends[-1] - ends[0] if len(ends) > 1 else 0.0
        found.append(
            (
                f'(c) {SHORT[attack]}: FP {word} with eps',
                'last against first budget',
                ' '.join(f'{v:.2f}' for v in ends),
                change > 0 if rises else change < 0,
            )
        )
    return found


def follows(stack: Sweeps, video: Sweeps) -> list[Verdict]:
    """(d) the video level follows the stack level."""
    gaps, details = [], []
    for attack in SHORT:
        pairs = zip(_accuracies(stack[attack]), _accuracies(video[attack]), strict=True)
        gap = max(abs(a - b) for a, b in pairs)
        gaps.append(gap)
        details.append(f'{SHORT[attack]} {percent(gap)}')
    n = [level['OneShot']['points'][0]['n'] for level in (stack, video)]
    return [
        (
            '(d) video level follows stack level',
            'never more than 15 points apart',
            f'largest gap: {", ".join(details)} points (n = {n[0]} stacks, {n[1]} videos)',
            max(gaps) <= 0.15,
        )
    ]


def transfers(moved: Mapping[str, Any]) -> list[Verdict]:
    """(e) transfer is weaker than white box; RG's lead shrinks under it."""
    rates = {a: _rates(card['cells']) for a, card in moved.items()}
    found: list[Verdict] = []
    for attack, by_target in rates.items():
        white = by_target.pop('white box')
        weaker = all(b <= a for t in by_target.values() for a, b in zip(white, t, strict=True))
        shown = '; '.join(
            f'{name} {" ".join(percent(v) for v in t)}' for name, t in by_target.items()
        )
        found.append(
            (
                f'(e) {SHORT[attack]}: transfer is weaker than white box',
                'at every eps',
                f'white box {" ".join(percent(v) for v in white)}; {shown} %',
                weaker,
            )
        )
        grows = all(t[-1] > t[0] for t in by_target.values())
        found.append(
            (
                f'(e) {SHORT[attack]}: transfer is small at low eps, clear at high',
                'below 20 % at the smallest eps, higher at the largest',
                'as above',
                grows and all(t[0] < 0.2 for t in by_target.values()),
            )
        )
        by_target['white box'] = white
    lead = {
        t: rates['IterativeSaliencyRG'][t][-1] - rates['OneShot'][t][-1] for t in rates['OneShot']
    }
    shown = ', '.join(f'{t} {percent(v)}' for t, v in lead.items())
    white = lead.pop('white box')
    found.append(
        (
            "(e) RG's lead over one-shot shrinks under transfer",
            'at the largest eps, on both targets',
            f'{shown} points',
            all(v < white for v in lead.values()),
        )
    )
    return found


def _rates(cells: Sequence[Point]) -> dict[str, list[float]]:
    """Success rates by target, in the order of eps."""
    found: dict[str, list[float]] = {}
    for cell in cells:
        name = 'white box' if cell['white_box'] else cell['target']
        found.setdefault(name, []).append(cell['success_rate'] or 0.0)
    return found
