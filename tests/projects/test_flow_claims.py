"""The verdicts on the flow paper's claims, for planted measurements."""

import pytest

from mmrobust.evaluation.claims import Claim
from projects.optical_flow_attack.claims import claims
from projects.optical_flow_attack.tables import SHORT

EPS = ('1', '2')


def sweep(accuracies, frames, n):
    points = [
        {'eps': float(e), 'n': n, 'clean_accuracy': accuracies[0], 'adversarial_accuracy': a}
        for e, a in zip(EPS, accuracies[1:], strict=True)
    ]
    return {'points': points, 'frames': dict(zip(EPS, frames, strict=True)), 'classes': 10}


def level(n):
    return {
        'OneShot': sweep((1.0, 0.5, 0.4), ([10] * 50, [10] * 60), n),
        'IterativeSaliency': sweep((1.0, 0.4, 0.3), ([1] * 90 + [2] * 20, [4] * 40), n),
        'IterativeSaliencyRG': sweep((1.0, 0.0, 0.0), ([3] * 40, [1] * 90), n),
    }


def moved(rates, n):
    cells = []
    for target, of in rates.items():
        for eps, rate in zip(EPS, of, strict=True):
            cells.append(
                {'target': target, 'white_box': target == 'white', 'eps': float(eps)}
                | {'success_rate': rate, 'both_right': n}
            )
    return {'cells': cells}


def both(one, strong, n):
    return {'OneShot': moved(one, n), 'IterativeSaliencyRG': moved(strong, n)}


WEAK = {'white': (0.3, 0.6), 'tvl1': (0.05, 0.3), 'farneback': (0.05, 0.3)}
STRONG = {'white': (0.9, 1.0), 'tvl1': (0.05, 0.35), 'farneback': (0.05, 0.3)}


def verdicts(n, one=WEAK, strong=STRONG, levels=None):
    levels = levels or {'stack': level(n), 'video': level(n)}
    lines = claims(levels, both(one, strong, n)).splitlines()[2:]
    cells = [line.split(' | ') for line in lines]
    return {row[0].removeprefix('| '): row[-1].removesuffix(' |') for row in cells}


def test_clear_measurements_hold():
    found = verdicts(2000)
    assert len(found) == 17
    assert set(found.values()) == {'held'}, found


def test_few_samples_decide_little():
    found = verdicts(6)
    assert found['(a) accuracy falls with eps'] == 'held'
    assert found['(b) it-sal <~ one-shot'] == 'undecided'
    assert found['(d) video level follows stack level'] == 'undecided'
    assert found["(e) RG's lead over one-shot shrinks under transfer"] == 'undecided'


@pytest.mark.parametrize('attack', list(SHORT))
def test_an_accuracy_that_rises_breaks_the_first_claim(attack):
    levels = {'stack': level(500), 'video': level(500)}
    points = levels['stack'][attack]['points']
    points[0]['adversarial_accuracy'] = 0.1
    points[1]['adversarial_accuracy'] = 0.9
    found = verdicts(500, levels=levels)
    assert found['(a) accuracy falls with eps'] == 'did not hold'


def test_a_target_that_is_fooled_more_often_breaks_the_transfer_claim():
    found = verdicts(500, one=WEAK | {'tvl1': (0.05, 0.9)})
    assert found['(e) one-shot: transfer is weaker than white box'] == 'did not hold'
    assert found['(e) it-sal-RG: transfer is weaker than white box'] == 'held'


def test_a_high_rate_at_the_smallest_budget_breaks_the_small_one():
    found = verdicts(500, strong=STRONG | {'tvl1': (0.5, 0.9)})
    name = '(e) it-sal-RG: transfer is small at low eps, clear at high'
    assert found[name] == 'did not hold'


def test_a_video_level_far_from_the_stack_level():
    levels = {'stack': level(500), 'video': level(500)}
    levels['video']['OneShot'] = sweep((1.0, 0.9, 0.8), ([10], [10]), 500)
    assert verdicts(500, levels=levels)['(d) video level follows stack level'] == 'did not hold'


def test_frames_that_go_the_other_way():
    levels = {'stack': level(500), 'video': level(500)}
    stack = levels['stack']
    stack['IterativeSaliencyRG'] = sweep((1.0, 0.0, 0.0), ([1] * 40, [5] * 40), 500)
    found = verdicts(500, levels=levels)
    assert found['(c) it-sal-RG: FP falls with eps'] == 'did not hold'


@pytest.mark.parametrize(
    ('margin', 'verdict'),
    [((0.1, 0.2), 'held'), ((-0.1, 0.2), 'undecided'), ((-0.2, -0.1), 'did not hold')],
)
def test_the_interval_decides(margin, verdict):
    assert Claim('', '', '', margin).verdict == verdict
