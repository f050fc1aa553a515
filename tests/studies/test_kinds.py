"""Options of a spec are of the kind that their annotations say."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from mmrobust.studies.kinds import check_kinds, fits, told

if TYPE_CHECKING:
    from elsewhere import Unknown  # noqa: F401


@pytest.mark.parametrize(
    ('kind', 'good', 'bad', 'words'),
    [
        (float, (1, 0.5), ('1', True, None, [1]), 'a number'),
        (int, (1,), (1.5, True, 'x'), 'a whole number'),
        (str, ('x', ''), (1, ['x']), 'text'),
        (bool, (True,), (1, 'true'), 'true or false'),
        (list, ([], [1, 'x'], (1,)), ('x', {}, 1), 'a list'),
        (list[float], ([], [1, 2.5], (1,)), ('x', ['x'], 1, {'a': 1}), 'a list of numbers'),
        (Sequence[str], (['x'],), ('x', [1]), 'a list of texts'),
        (tuple[int, ...], ([1, 2, 3],), ([1.5],), 'a list of whole numbers'),
        (tuple[int, int], ([1, 2],), ([1], [1, 2, 3], [1, 'x']), 'a list of 2 whole numbers'),
        (list[list[float]], ([[1]],), ([1],), 'a list of lists of numbers'),
        (Mapping[str, int], ({'a': 1},), ({'a': 'x'}, {1: 1}, [1]), 'a dict of whole numbers'),
        (dict, ({'a': 1},), ([],), 'a dict'),
        (int | None, (1, None), ('x',), 'a whole number or None'),
        (Any, (1, 'x', None), (), 'a value'),
        (Path, ('x', Path('x')), (), 'a value'),
        (Literal['a'], ('a', 'b'), (), 'a value'),
    ],
)
def test_values_fit_their_annotations(kind, good, bad, words):
    assert all(fits(value, kind) for value in good)
    assert not any(fits(value, kind) for value in bad)
    assert told(kind)[0] == words


def test_an_option_of_another_kind_is_named():
    class Options:
        eps: list[float]

    check_kinds(Options, {'eps': [1], 'other': 'x'}, 'study')
    with pytest.raises(ValueError, match=r"study.eps must be a list of numbers, got 'x'"):
        check_kinds(Options, {'eps': 'x'}, 'study')
    with pytest.raises(ValueError, match=r'study.victims.0 must be a dict of options, got 5'):
        check_kinds(Options, 5, 'study.victims.0')


def test_what_only_type_checkers_know_excludes_nothing():
    class Options:
        eps: 'Unknown'

    check_kinds(Options, {'eps': 'x'}, 'study')
