"""Where two reports differ."""

import math

from mmrobust.evaluation.differing import compared, differing


def test_places_are_named():
    first = {'a': {'b': [1, 2]}, 'c': 'x', 'only': 1}
    second = {'a': {'b': [1, 3]}, 'c': 'x', 'other': 2}
    assert differing(first, second) == [
        'a.b.1 is 2, of the runs 3',
        'only is 1, of the runs None',
        'other is None, of the runs 2',
    ]
    assert differing([1], [1, 2], 'a') == ['a is [1], of the runs [1, 2]']
    assert differing(first, first) == []


def test_numbers_are_close_and_nan_is_null():
    assert differing({'a': 0.3}, {'a': 0.1 + 0.2}) == []
    assert differing({'a': 1.0}, {'a': 1 + 1e-8}) == ['a is 1.0, of the runs 1.00000001']
    assert differing({'a': 1e-12}, {'a': 2e-12})
    assert differing({'a': None}, {'a': math.nan}) == []
    # True is no number.
    assert differing({'a': True}, {'a': 1.0000000001})


def test_what_a_report_has_not_is_told_apart():
    wrong, lacking = compared({'n': 1, 'more': 5}, {'n': 2, 'new': None})
    assert wrong == ['n is 1, of its lines 2']
    assert lacking == ['new']
