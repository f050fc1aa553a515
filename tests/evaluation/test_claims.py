"""Verdicts follow from the interval alone."""

import math

import pytest

from mmrobust.evaluation.claims import Claim, table


@pytest.mark.parametrize(
    ('margin', 'verdict'),
    [
        ((0.1, 0.2), 'held'),
        ((-0.2, -0.1), 'did not hold'),
        ((-0.1, 0.2), 'undecided'),
        ((0.0, 0.0), 'undecided'),
        ((-math.inf, math.inf), 'undecided'),
    ],
)
def test_verdict(margin, verdict):
    assert Claim('c', 'r', 'm', margin).verdict == verdict


def test_table_shows_the_interval_or_that_there_is_none():
    known = Claim('first', 'difference', '3 against 2', (0.25, 1.5))
    unknown = Claim('second', 'ratio', 'none', (-math.inf, math.inf))
    head, _, *rows = table([known, unknown]).splitlines()
    assert head.startswith('| claim | above zero |')
    assert rows[0] == '| first | difference | 3 against 2 | +0.25 to +1.5 | held |'
    assert rows[1] == '| second | ratio | none | too few samples | undecided |'
