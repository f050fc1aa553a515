"""Numbers of a sweep over budgets on made-up rows."""

import pytest
from scipy.stats import binomtest

from mmrobust.evaluation.sweep import all_frames, frames_needed, not_monotone, point, still_right


def row(frames=0, success=False, attacked=True, error=None):
    if error:
        return dict(error=error, attacked=False, flags=[])
    return dict(
        error=None,
        attacked=attacked,
        success=success,
        frames=frames,
        clean_correct=attacked,
        adversarial_correct=attacked and not success,
        forwards=2 * frames,
        backwards=frames,
        queries=0,
    )


ROWS = [
    row(2, True),
    row(5, True),
    row(2, True),
    row(6),
    row(attacked=False),
    row(error='broken'),
]
for index, one in enumerate(ROWS):
    one |= {'index': index, 'name': f'clip {index}'}


def test_samples_of_which_nothing_is_known_count_in_no_accuracy():
    bare = row(attacked=False) | dict.fromkeys(('clean_correct', 'adversarial_correct'))
    found, before = point(4.0, [*ROWS, bare, bare]), point(4.0, ROWS)
    assert found['n'] == before['n'] + 2
    for key in before.keys() - {'n'}:
        assert found[key] == before[key], key


def test_a_point_counts_every_group_by_itself():
    found = point(4.0, ROWS)
    assert (found['eps'], found['n'], found['failed']) == (4.0, 5, 1)
    assert (found['attacked'], found['successes']) == (4, 3)
    assert found['clean_accuracy'] == pytest.approx(4 / 5)
    assert found['adversarial_accuracy'] == pytest.approx(1 / 5)
    assert found['success_rate'] == pytest.approx(3 / 4)
    assert found['frames'] == pytest.approx(3)  # over successes, not over the attacked
    assert (found['forwards'], found['backwards']) == (7.5, 3.75)
    rates = (('success_rate', 3, 4), ('adversarial_accuracy', 1, 5), ('clean_accuracy', 4, 5))
    for name, hits, n in rates:
        limits = binomtest(hits, n).proportion_ci(method='wilson')
        shown = found[f'{name}_low'], found[f'{name}_high']
        assert shown == pytest.approx((limits.low, limits.high))


def test_still_right_falls_with_the_frames_that_successes_needed():
    assert frames_needed(ROWS) == [2, 5, 2]
    assert still_right(ROWS) == [1, 1, 0.5, 0.5, 0.5, 0.25]


def test_nothing_attacked_or_nothing_won():
    assert still_right([row(attacked=False)]) == []
    assert still_right([row(3), row(4)]) == [1]
    found = point(1.0, [row(attacked=False)])
    assert found['success_rate'] is found['frames'] is found['forwards'] is None


def test_what_falls_at_a_budget_and_not_at_a_larger_one_is_named():
    budgets = {2.0: [True, False, True], 1.0: [True, False, False], 4.0: [False, False, True]}
    rows = {
        eps: [row(success=won) | {'index': i, 'name': f'clip {i}'} for i, won in enumerate(wins)]
        for eps, wins in budgets.items()
    }
    assert not_monotone(rows) == ['clip 0']
    assert not_monotone({1.0: rows[1.0], 2.0: rows[2.0]}) == []


def test_an_attack_that_changes_every_frame_needs_no_number_of_frames():
    dense = {1.0: [row(8, True) | {'frames_total': 8}] * 2 + [row(7, True) | {'frames_total': 8}]}
    sparse = {1.0: [row(2, True) | {'frames_total': 8}] * 2, 2.0: dense[1.0][:1]}
    assert all_frames(dense)
    assert not all_frames(sparse)
    # Lines of earlier versions do not say, and where nothing falls there is nothing to say.
    assert not all_frames({1.0: [row(8, True)]})
    assert not all_frames({1.0: [row(8) | {'frames_total': 8}]})


def test_a_point_says_how_what_fooled_looks():
    looks = [row(1, True) | {'psnr': p, 'ssim': s} for p, s in ((30.0, 0.9), (None, 1.0))]
    found = point(4.0, [*looks, row(1) | {'psnr': 99.0, 'ssim': 0.0}])
    assert (found['psnr'], found['ssim']) == (30.0, 0.95)
    assert point(4.0, ROWS)['psnr'] is None
