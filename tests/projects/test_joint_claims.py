"""Claims on lost frames of skeletons, on planted cards."""

import pytest

from mmrobust.studies.card_scores import CardScores
from projects.robustness_card.claims_joints import FORMS, claims
from projects.robustness_card.victims import SeeingVictim

N = 20


def planted(left, sees='joints', kinds=FORMS):
    """Tracks 0 .. N-1, all right when clean; so many under each form."""
    cells = [
        {'clean': {'correct': True}}
        | {f'{kind}/{s}': {'correct': i < left[kind]} for kind in kinds for s in (1, 5)}
        for i in range(N)
    ]
    rows = [{'name': str(i), 'unit': i, 'cells': of, 'error': None} for i, of in enumerate(cells)]
    corrupted = {
        'kinds': {kind: {'group': 'frames'} for kind in kinds},
        'severities': [1, 5],
        'holes': {},
    }
    victim = SeeingVictim(name='net', sees=sees, config='', card='')
    return CardScores(victim, rows, {}, {'corruptions': corrupted}, ['a', 'b'])


def found(**options):
    return list(claims({'net': planted(**options)}))


def test_each_form_stands_beside_the_next():
    left = {'uniform_drop': 18, 'random_drop': 17, 'block_drop': 6}
    random, block = found(left=left)
    assert 'at random cost more than as many lost at equal distances' in random.text
    assert 'in one block cost more than as many lost at random' in block.text
    assert random.verdict == 'undecided'
    assert block.verdict == 'held'
    assert block.measured.startswith('55.0')


def test_the_other_order_refutes():
    left = {'uniform_drop': 5, 'random_drop': 18, 'block_drop': 18}
    assert found(left=left)[0].verdict == 'did not hold'


@pytest.mark.parametrize('options', [{'sees': 'movement'}, {'kinds': FORMS[:2]}])
def test_whoever_has_no_such_kinds_has_no_claim(options):
    left = dict.fromkeys(FORMS, 3)
    assert found(left=left, **options) == []
