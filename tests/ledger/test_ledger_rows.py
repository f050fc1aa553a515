"""A line that lacks what a report is made of is refused when it is read."""

import math

import pytest
import torch

from mmrobust.attacks.outcome import Outcome
from mmrobust.ledger.rows import LATER, check_row, failure_row, sample_row
from mmrobust.victims.action import ActionVictim
from mmrobust.victims.action.victim import class_record
from mmrobust.victims.samples import Failure

SCORES = torch.eye(3)
CLEAN = torch.full((3, 2, 2, 2), 4, dtype=torch.uint8)
QUERIES = {'budget': 9, 'query_batch': 2}
TIMING = {'victim_seconds': 1.0, 'outside_seconds': 1.0, 'calls': 2, 'asked': 3}


def line(timing=None):
    outcome = Outcome(
        adversarial=torch.zeros(3, 2, 2, 2),
        attacked=True,
        success=True,
        scores=SCORES[1],
        linf=4.0,
        l2=9.0,
        frames=1,
        forwards=2,
        backwards=1,
        queries=0,
        flags=('unchanged',),
        mean_abs=1.0,
        rmse=2.0,
        measures={'shift': 1.5},
        timing=timing or {},
    )
    record = class_record(0, SCORES[0], SCORES[1], SCORES[1])
    return sample_row(0, 'a.mkv', record, CLEAN, outcome, 0.5)


def check(row, attack=None):
    check_row(row, ActionVictim.record_keys, attack)


@pytest.mark.parametrize('key', [key for key in line() if key not in ('index', *LATER)])
def test_a_line_without_a_key_is_refused_by_its_name(key):
    check(line())
    with pytest.raises(ValueError, match=f'{key} must be '):
        check({name: value for name, value in line().items() if name != key})


@pytest.mark.parametrize(
    ('changes', 'told'),
    [
        ({'label': 'cat'}, "label must be a number, got 'cat'"),
        ({'clean_correct': 'yes'}, "clean_correct must be true, false or null, got 'yes'"),
        ({'measures': {'shift': 'far'}}, "measures must be numbers by name, got {'shift': 'far'}"),
        ({'timing': None}, 'timing must be numbers by name, got None'),
    ],
)
def test_values_of_another_kind_are_refused(changes, told):
    with pytest.raises(ValueError, match=told):
        check(line() | changes)


def test_a_line_of_a_query_attack_says_where_the_time_went():
    check(line(TIMING), QUERIES)
    with pytest.raises(ValueError, match='without a summary.*outside_seconds'):
        check(line({'victim_seconds': 1.0}), QUERIES)


def test_a_failure_needs_no_facts_and_no_label_is_known_as_null():
    check(failure_row(0, Failure('a.mkv', 'no such file')))
    check(line() | {'label': None, 'clean_correct': None, 'adversarial_correct': None})


def test_a_line_says_how_the_sample_looks_and_how_many_frames_there_are():
    found = line()
    assert found['frames_total'] == 2
    # All values 4 grey levels away, in frames too small for a window of similarity.
    assert found['psnr'] == pytest.approx(20 * math.log10(255 / 4))
    assert found['ssim'] is None
    # What is no picture has neither.
    joints = sample_row(
        0,
        'a',
        class_record(0, SCORES[0], SCORES[1], SCORES[1]),
        torch.zeros(2, 1, 20, 1, dtype=torch.float64),
        Outcome(torch.ones(2, 1, 20, 1), True, True, SCORES[1], 1.0, 1.0, 1, 1, 1, 0, ()),
        0.5,
    )
    assert (joints['psnr'], joints['ssim'], joints['frames_total']) == (None, None, 1)


@pytest.mark.parametrize('key', LATER)
def test_lines_of_earlier_versions_are_read(key):
    check({name: value for name, value in line().items() if name != key})
    with pytest.raises(ValueError, match=f'{key} must be a number'):
        check(line() | {key: 'much'})
