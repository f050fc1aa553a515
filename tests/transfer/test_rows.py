"""The line of one job on one sample. Shapes: K = 3 classes."""

import pytest
import torch

from mmrobust.goals import LeastLikely, Misclassify
from mmrobust.transfer.rows import CLASSES, check_transfer_row, transfer_row
from mmrobust.transfer.spec import Job

SCORES = torch.eye(3)


def line(job, predictions, goal=None, label=0, **row):
    """``predictions``: victim -> classes before and after."""
    success_victim = job.target or job.source
    clean = {name: SCORES[before] for name, (before, _) in predictions.items()}
    shown = {name: SCORES[after] for name, (_, after) in predictions.items()}
    bound = (goal or Misclassify()).bind(torch.tensor([label]), clean[success_victim][None])
    targets = [job.target] if job.target else list(predictions)
    known = dict(index=7, label=label, attacked=True, success=True) | row
    return transfer_row(job, 99, known, targets, clean, shown, bound)


def test_only_targets_that_were_right_are_fooled():
    found = line(Job('pgd', 4, 'a'), dict(a=(0, 1), fooled=(0, 2), held=(0, 0), wrong=(1, 2)))
    assert (found['index'], found['sample'], found['source_right']) == (99, 7, True)
    job = [found[key] for key in ('attack', 'eps', 'source', 'target')]
    assert job == ['pgd', 4, 'a', None]
    success = {name: one['success'] for name, one in found['targets'].items()}
    assert success == dict(a=True, fooled=True, held=False, wrong=False)
    right = {name: one['right'] for name, one in found['targets'].items()}
    assert right == dict(a=True, fooled=True, held=True, wrong=False)
    assert found['targets']['fooled']['clean_correct'] is True
    assert found['targets']['fooled']['adversarial_correct'] is False


def test_nobody_is_fooled_by_a_clip_that_nobody_attacked():
    found = line(Job('pgd', 4, 'a'), dict(a=(1, 1), b=(0, 2)), attacked=False, success=False)
    assert not found['source_right']
    assert not any(one['success'] for one in found['targets'].values())


def test_the_word_of_the_single_run_holds_for_the_victim_that_decides():
    found = line(Job('pgd', 4, 'a'), dict(a=(0, 1), b=(0, 1)), success=False)
    assert [one['success'] for one in found['targets'].values()] == [False, True]


def test_where_the_target_decides_the_source_may_be_wrong():
    found = line(Job('pgd', 4, 'a', 'b'), dict(a=(2, 2), b=(0, 1)))
    assert list(found['targets']) == ['b']
    assert found['source_right'] is False
    assert found['targets']['b']['success'] is True


def test_a_targeted_clip_must_lead_to_the_class_that_was_aimed_at():
    # The source finds class 1 least likely: the first of equals.
    found = line(Job('pgd', 4, 'a'), dict(a=(0, 1), b=(0, 2), c=(0, 1)), goal=LeastLikely())
    assert [one['success'] for one in found['targets'].values()] == [True, False, True]


def test_by_prediction_right_means_as_the_source_says():
    goal = Misclassify(reference='prediction')
    found = line(Job('pgd', 4, 'a'), dict(a=(1, 2), b=(1, 0), c=(0, 1)), goal=goal)
    assert [one['right'] for one in found['targets'].values()] == [True, True, False]
    assert [one['success'] for one in found['targets'].values()] == [True, True, False]


JOBS = [Job('pgd', 4.0, 'a'), Job('pgd', 4.0, 'b')]
ROW = dict(
    name='x.mkv', error=None, flags=[], frames=1, forwards=1, backwards=1, queries=0, linf=4.0,
    l2=9.0, mean_abs=1.0, rmse=2.0, seconds=0.5, measures={}, notes={}, timing={},
    clean_prediction=0, adversarial_prediction=1,
)  # fmt: skip


def kept(**changes):
    """The line of the second job on sample 7, as the ledger holds it."""
    return line(JOBS[1], dict(a=(0, 1), b=(0, 2)), **ROW) | {'index': 15} | changes


def check(found):
    check_transfer_row(found, JOBS, ('a', 'b'), ('label', *CLASSES))


@pytest.mark.parametrize('key', [key for key in kept() if key not in ('index', 'run')])
def test_a_line_without_a_key_is_refused_by_its_name(key):
    check(kept())
    with pytest.raises(ValueError, match=f'{key} must be '):
        check({name: value for name, value in kept().items() if name != key})


@pytest.mark.parametrize(
    ('changes', 'told'),
    [
        ({'source': 'a'}, "source must be 'b', of this index, got 'a'"),
        ({'eps': 8}, 'eps must be 4.0, of this index, got 8'),
        ({'sample': 6}, 'sample must be 7, of this index, got 6'),
        ({'source_right': 1}, 'source_right must be true or false, got 1'),
        ({'targets': {'a': {}}}, 'targets must be what each of a, b made of the clip, got'),
        ({'targets': {'a': 5, 'b': 5}}, 'targets.a must be what it made of the clip, got 5'),
    ],
)
def test_a_line_of_another_job_is_refused(changes, told):
    with pytest.raises(ValueError, match=told):
        check(kept(**changes))


@pytest.mark.parametrize('key', list(kept()['targets']['a']))
def test_a_verdict_without_a_key_is_refused_by_its_name(key):
    found = kept()
    del found['targets']['b'][key]
    with pytest.raises(ValueError, match=f'targets.b.{key} must be .*, got None'):
        check(found)
