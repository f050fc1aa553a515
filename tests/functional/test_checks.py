"""Messages that name argument, rule and value."""

import numpy as np
import pytest

from mmrobust.functional.checks import finite, require, shown, suggestion


def test_require():
    require(True, 'steps', 'positive', -1)
    with pytest.raises(ValueError, match="^steps must be positive, got '-1'$"):
        require(False, 'steps', 'positive', '-1')


@pytest.mark.parametrize('value', [0, -3, 2.5, np.float32(1), np.int64(2)])
def test_finite_numbers(value):
    assert finite(value)


@pytest.mark.parametrize('value', [float('nan'), float('inf'), True, '1', None, [1], 1j])
def test_other_values(value):
    assert not finite(value)


@pytest.mark.parametrize(
    ('word', 'expected'),
    [
        ('pgd', "did you mean 'PGD'?"),
        ('MI-FGSM', "did you mean 'MIFGSM'?"),
        ('xyz', 'known: FGSM, MIFGSM, PGD'),
    ],
)
def test_suggestions(word, expected):
    assert suggestion(word, ['PGD', 'MIFGSM', 'FGSM']) == expected


@pytest.mark.parametrize(
    ('word', 'expected'),
    [
        ('Targeted', "did you mean 'TargetClass' or 'TargetPose'?"),
        ('TargetClas', "did you mean 'TargetClass'?"),
        ('LeastLikly', "did you mean 'LeastLikely'?"),
        ('targetclass', "did you mean 'TargetClass'?"),
        ('TargetPose2', "did you mean 'TargetPose'?"),
    ],
)
def test_words_that_begin_alike_are_named_together(word, expected):
    assert suggestion(word, ['LeastLikely', 'TargetPose', 'TargetClass', 'Misclassify']) == expected


def test_a_long_value_is_shortened():
    assert shown([1, 'a']) == "[1, 'a']"
    with pytest.raises(ValueError, match=r'steps must be few, got \[0, 0, .* \.\.\. ') as caught:
        require(False, 'steps', 'few', [0] * 100_000)
    assert len(str(caught.value)) < 300
    assert '299800 characters' in str(caught.value)
