"""What each member of an ensemble left, counted from the lines of a ledger."""

from mmrobust.evaluation.staircase import staircase


def _row(calls, broken_by=None, attacked=True, error=None):
    row = {'error': error, 'attacked': attacked, 'success': broken_by is not None, 'notes': {}}
    row['measures'] = {f'calls.{name}': cost for name, cost in calls.items()} | {'density': 0.5}
    if broken_by:
        row['notes'] = {'broken_by': broken_by}
    return row


def test_each_step_says_who_was_given_what_and_left_how_many():
    rows = [
        _row({'a': 4}, 'a'),
        _row({'a': 40, 'b': 6, 'c': 9}),
        _row({'a': 40, 'b': 10}, 'b'),
        _row({}, attacked=False),
        _row({}, attacked=False, error='ValueError: broken'),
    ]
    steps = staircase(rows)
    assert [step['member'] for step in steps] == ['a', 'b', 'c']
    assert [step['attacked'] for step in steps] == [3, 2, 1]
    assert [step['broken'] for step in steps] == [1, 1, 0]
    assert [step['left'] for step in steps] == [2, 1, 1]
    assert [step['left_share'] for step in steps] == [0.5, 0.25, 0.25]
    assert [step['calls'] for step in steps] == [28, 8, 9]


def test_a_success_that_the_test_step_denies_is_not_broken():
    denied = _row({'a': 4}, 'a') | {'success': False}
    assert staircase([denied])[0]['broken'] == 0


def test_one_attack_alone_has_no_stairs():
    assert staircase([]) is None
    assert staircase([_row({}, attacked=True)]) is None
