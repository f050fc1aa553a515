"""Cells of the matrix on made-up lines, against a count by hand."""

import random

import pytest
from scipy.stats import binomtest

from mmrobust.transfer.matrix import cells
from mmrobust.transfer.spec import TransferSpec
from tests.transfer.specs import make_spec

SPEC = TransferSpec.from_config(
    make_spec('model.py', {'a': 'a.pth', 'b': 'b.pth', 'c': 'c.pth'}, sources=['b', 'a'])
)


def lines(n=40, seed=0):
    """One line per sample and job, and one for a sample that failed."""
    rng = random.Random(seed)
    found = [dict(index=n * 8, sample=n, error='broken', flags=[])]
    for sample in range(n):
        for job in SPEC.jobs:
            targets = {}
            for name in SPEC.targets:
                right = rng.random() < 0.7
                success = right and rng.random() < 0.4
                targets[name] = dict(
                    clean_correct=right,
                    adversarial_correct=right and not success,
                    right=right,
                    success=success,
                )
            found.append(
                dict(
                    sample=sample,
                    attack=job.attack,
                    eps=job.eps,
                    source=job.source,
                    target=None,
                    source_right=targets[job.source]['right'],
                    targets=targets,
                    linf=rng.randrange(9),
                    frames=rng.randrange(1, 7),
                    error=None,
                )
            )
    rng.shuffle(found)
    return found


def test_cells_are_what_a_count_by_hand_gives():
    rows = lines()
    found = cells(rows, SPEC)
    assert len(found) == 2 * 2 * 2 * 3
    for cell in found:
        n = correct = after = both = wins = right = target_wins = 0
        linf, frames = [], []
        for row in rows:
            if row['error'] or (row['attack'], row['eps']) != (cell['attack'], cell['eps']):
                continue
            if row['source'] != cell['source']:
                continue
            one = row['targets'][cell['target']]
            n += 1
            correct += one['clean_correct']
            after += one['adversarial_correct']
            right += one['right']
            target_wins += one['success']
            if one['right'] and row['source_right']:
                both += 1
                wins += one['success']
                if one['success']:
                    linf.append(row['linf'])
                    frames.append(row['frames'])
        assert cell['n'] == n == 40
        assert (cell['both_right'], cell['successes']) == (both, wins)
        assert (cell['target_right'], cell['target_successes']) == (right, target_wins)
        assert cell['clean_accuracy'] == pytest.approx(correct / n)
        assert cell['adversarial_accuracy'] == pytest.approx(after / n)
        limits = binomtest(wins, both).proportion_ci(method='wilson')
        shown = cell['success_rate_low'], cell['success_rate'], cell['success_rate_high']
        assert shown == pytest.approx((limits.low, wins / both, limits.high))
        assert cell['linf'] == pytest.approx(sum(linf) / len(linf))
        assert cell['frames'] == pytest.approx(sum(frames) / len(frames))
        assert cell['white_box'] == (cell['source'] == cell['target'])
    assert {c['successes'] for c in found} != {0}
    whole = [c for c in found if c['source'] == 'a' and c['target'] == 'a']
    assert all(c['both_right'] == c['target_right'] for c in whole)


def test_cells_come_in_the_order_of_the_spec():
    order = [(c['attack'], c['eps'], c['source'], c['target']) for c in cells(lines(), SPEC)]
    assert order[:4] == [('pgd', 3, 'b', t) for t in 'abc'] + [('pgd', 3, 'a', 'a')]
    assert [key[0] for key in order] == ['pgd'] * 12 + ['saliency'] * 12


def test_nothing_right_gives_no_rate():
    rows = lines()
    for row in rows:
        row['source_right'] = False
    for cell in cells(rows, SPEC):
        assert cell['success_rate'] is cell['linf'] is cell['frames'] is None
        assert cell['success_rate_low'] is cell['success_rate_high'] is None
        assert cell['target_success_rate'] > 0
