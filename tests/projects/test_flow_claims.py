"""The verdicts on the flow paper's claims, for planted measurements."""

import math

import numpy as np
import pytest

from mmrobust.evaluation.carried import carried
from mmrobust.evaluation.claims import Claim, table
from mmrobust.evaluation.clusters import (
    interval,
    measured,
    rate_limits,
    share,
    video_of,
    worst,
)
from mmrobust.functional.interval import wilson
from projects.optical_flow_attack.claims import claims
from projects.optical_flow_attack.tables import SHORT

EPS = (1.0, 2.0)
# Accuracies at every budget, and the share of the successes by 1, 2, 3, 4 frames.
STACK = {
    'OneShot': ((0.5, 0.4), ((0, 0, 0, 1),) * 2),
    'IterativeSaliency': ((0.4, 0.3), ((0.9, 0.1, 0, 0), (0.5, 0.1, 0, 0.4))),
    'IterativeSaliencyRG': ((0.0, 0.0), ((0.5, 0, 0.5, 0), (0.9, 0.1, 0, 0))),
}


def rows(n, accuracy, shares=((0, 0, 0, 1),) * 2):
    """Lines of the ledger by budget: the first so many samples are right."""
    found = []
    for right, share_of in zip(accuracy, shares, strict=True):
        fooled, lines = n - round(right * n), []
        ends = [round(sum(share_of[: k + 1]) * fooled) for k in range(4)]
        for i in range(n):
            frames = 1 + sum(i >= end for end in ends[:3])
            line = {'name': f'data/set/{i}', 'error': None, 'clean_correct': True}
            line |= {'adversarial_correct': i >= fooled, 'success': i < fooled}
            lines.append(line | {'frames': frames, 'attacked': True})
        found.append(lines)
    return found


def level(n, **changed):
    return {a: measured(rows(n, *v)) for a, v in (STACK | changed).items()}


def moved(rates, n, right=True):
    """A ledger with one attack on source 'white' and its targets."""
    lines = []
    for e, eps in enumerate(EPS):
        for i in range(n):
            verdicts = {t: {'right': right, 'success': i < of[e] * n} for t, of in rates.items()}
            lines.append(
                {'eps': eps, 'sample': i, 'name': f'data/set/{i}', 'error': None}
                | {'source_right': True, 'targets': verdicts}
            )
    return carried(lines, 'white')


WEAK = {'white': (0.3, 0.6), 'tvl1': (0.05, 0.3), 'farneback': (0.05, 0.3)}
STRONG = {'white': (0.9, 1.0), 'tvl1': (0.05, 0.35), 'farneback': (0.05, 0.3)}


def verdicts(n, one=WEAK, strong=STRONG, stack=None, video=None):
    levels = {'stack': stack or level(n), 'video': video or level(n)}
    by_target = {'OneShot': moved(one, n), 'IterativeSaliencyRG': moved(strong, n)}
    lines = table(claims(levels, by_target, EPS, classes=10)).splitlines()[2:]
    cells = [line.split(' | ') for line in lines]
    return {row[0].removeprefix('| '): row[-1].removesuffix(' |') for row in cells}


def test_clear_measurements_hold():
    found = verdicts(300)
    assert len(found) == 17
    assert set(found.values()) == {'held'}, found


def test_five_videos_decide_nothing():
    assert set(verdicts(5).values()) == {'undecided'}


@pytest.mark.parametrize('attack', list(SHORT))
def test_an_accuracy_that_rises_breaks_the_first_claim(attack):
    found = verdicts(100, stack=level(100, **{attack: ((0.1, 0.9), STACK[attack][1])}))
    assert found['(a) accuracy falls with eps'] == 'did not hold'


def test_a_target_that_is_fooled_more_often_breaks_the_transfer_claim():
    found = verdicts(100, one=WEAK | {'tvl1': (0.05, 0.9)})
    assert found['(e) one-shot: transfer is weaker than white box'] == 'did not hold'
    assert found['(e) it-sal-RG: transfer is weaker than white box'] == 'held'


def test_targets_that_are_never_right_decide_nothing():
    nobody = {a: moved(WEAK, 20, right=False) for a in ('OneShot', 'IterativeSaliencyRG')}
    found = claims({'stack': level(20), 'video': level(20)}, nobody, EPS, classes=10)
    lines = [line for line in table(found).splitlines() if line.startswith('| (e)')]
    assert len(lines) == 5
    assert all('too few samples | undecided' in line for line in lines)


def test_a_high_rate_at_the_smallest_budget_breaks_the_small_one():
    found = verdicts(100, strong=STRONG | {'tvl1': (0.5, 0.9)})
    name = '(e) it-sal-RG: transfer is small at low eps, clear at high'
    assert found[name] == 'did not hold'


def test_a_video_level_far_from_the_stack_level():
    video = level(100, OneShot=((0.9, 0.8), STACK['OneShot'][1]))
    name = '(d) video level follows stack level'
    assert verdicts(100, video=video)[name] == 'did not hold'
    assert verdicts(100)[name] == 'held'


def test_frames_that_go_the_other_way():
    other = ((0.0, 0.0), ((1, 0, 0, 0), (0, 0, 0, 1)))
    found = verdicts(100, stack=level(100, IterativeSaliencyRG=other))
    assert found['(c) it-sal-RG: FP falls with eps'] == 'did not hold'


def test_a_mode_that_few_samples_make_is_undecided():
    shares = ((0.5, 0.44, 0.06, 0), (0.5, 0.44, 0.06, 0))
    stack = level(60, IterativeSaliencyRG=((0.0, 0.0), shares))
    found = verdicts(60, stack=stack)
    assert found['(c) it-sal-RG: a single frame is the most common'] == 'undecided'


def test_stacks_of_one_video_count_as_one():
    """Forty stacks of four clips leave what ten clips of four stacks decide."""
    stacks = rows(40, (0.0, 0.0))
    for lines in stacks:
        for i, line in enumerate(lines):
            line['name'] = f'root/videos/wave/person{i // 10}_{i % 10 * 11:03d}.mkv'
    one = measured(stacks)
    assert one.videos == tuple(f'wave/person{i}' for i in range(4))
    assert one.n.tolist() == [10, 10, 10, 10]
    assert one.interval(lambda m, w: m.accuracies(w)[:, 0]) == (-math.inf, math.inf)


@pytest.mark.parametrize(
    ('name', 'video'),
    [
        ('work/stacks/videos/bend/person4_033.mkv', 'bend/person4'),
        ('work/videos/videos/bend/person4_000.mkv', 'bend/person4'),
        ('synthetic/test/00007_00', 'test/00007'),
        ('synthetic/test/00007', 'test/00007'),
    ],
)
def test_stacks_and_videos_meet_by_name(name, video):
    assert video_of({'name': name}) == video


def test_a_mean_that_few_draws_leave_undefined_has_an_interval():
    """Of eight videos one never succeeds; of ten, seven do not."""

    def mean_of_twos(of):
        tried = np.array(of, dtype=float)
        return interval(len(of), lambda w: share(w, 2 * tried[None], tried)[:, 0], (0.0, 4.0))

    def twos(videos):
        return pytest.approx((2 - 2 * wilson(0, videos)[1], 2 + 2 * wilson(0, videos)[1]))

    assert mean_of_twos([1] * 7 + [0]) == twos(8)
    # 0.7**10 = 2.8 % of the draws have none of the three.
    assert mean_of_twos([1] * 3 + [0] * 7) == twos(10)
    assert mean_of_twos([1] + [0] * 9) == (-math.inf, math.inf)


def test_rates_and_frames_are_those_of_the_rows():
    one = level(100)['IterativeSaliency']
    assert np.allclose(one.accuracies(), [[1.0, 0.4, 0.3]])
    # 54 by one and 6 by two; then 35, 7 and 28 by four.
    assert np.allclose(one.needed(), [[66 / 60, 161 / 70, 227 / 130]])


def test_an_interval_covers_what_a_paired_difference_has():
    rng = np.random.default_rng(0)
    truth, hits = 0.3, 0
    for _ in range(200):
        gaps = (rng.random(30) < 0.5).astype(float) - (rng.random(30) < 0.2)
        low, high = interval(30, lambda w, g=gaps: share(w, g[None], np.ones(30))[:, 0])
        hits += low <= truth <= high
    assert 0.91 <= hits / 200 <= 0.99


def test_a_rate_of_nothing_is_not_certain():
    low, high = rate_limits(0.0, 8)
    assert (low, round(high, 3)) == (0.0, 0.324)
    # 4.5 of 8: as wide as 4 and 5 of 8.
    assert rate_limits(0.5625, 8) == (rate_limits(0.5, 8)[0], rate_limits(0.625, 8)[1])


def test_the_least_of_several_has_the_worst_of_both_limits():
    assert worst([(-0.03, 0.30), (0.05, 0.24)]) == (-0.03, 0.24)
    assert worst([(-0.25, -0.01), (-0.38, 0.08)]) == (-0.38, -0.01)


@pytest.mark.parametrize(
    ('margin', 'verdict'),
    [((0.1, 0.2), 'held'), ((-0.1, 0.2), 'undecided'), ((-0.2, -0.1), 'did not hold')],
)
def test_the_interval_decides(margin, verdict):
    assert Claim('', '', '', margin).verdict == verdict
