"""Claims on what recognisers go by, on planted victims."""

import pytest

from mmrobust.functional.interval import wilson
from mmrobust.studies.card_costs import cue_scores
from mmrobust.studies.card_scores import CardScores
from projects.robustness_card import claims_cues
from projects.robustness_card.victims import SeeingVictim

N = 120
CLASSES = ['bend', 'kick', 'squat']
FOREIGN = ('action_swap', 'swap_frame')
CHANCE = {'one_frame': 40, 'swap_frame': 40, 'background_only': 40}


def card(name, sees, right, led=0, holes=(), **options):
    """Videos, of which the first so many are right on a cue, and the last on the swap are led."""
    rows = []
    for i in range(N):
        label, scenery = i % 3, (i + 1) % 3
        cells = {}
        for cue in (
            'clean',
            'action_swap',
            'swap_frame',
            'one_frame',
            'background_only',
            'person_only',
        ):
            hit = i < right.get(cue, N)
            guess = label if hit else (i + 2) % 3
            guess = scenery if cue == 'action_swap' and i >= N - led else guess
            cells[cue] = {'label': label, 'prediction': guess, 'correct': guess == label}
            cells[cue]['background'] = scenery if cue in FOREIGN else None
        rows.append({'index': i, 'name': f'v{i}', 'unit': i, 'cells': cells, 'error': None})
    cues = {cue: {'holes': cue in holes} for cue in rows[0]['cells'] if cue != 'clean'}
    corrupted = {'kinds': {}, 'severities': [1], 'holes': {}}
    found = {'corruptions': corrupted, 'cues': {'cues': cues}, 'attacks': [], 'data': {'failed': 0}}
    victim = SeeingVictim(name=name, sees=sees, config='', card='', **options)
    return CardScores(victim, rows, {}, found, CLASSES)


FAIR = card('fair', 'movement', CHANCE)
LED = card(
    'planted', 'scenery', {'action_swap': 8, 'person_only': 40, 'clean': 112}, led=104, fair='fair'
)


def verdicts(*cards):
    found = claims_cues.claims({one.victim.name: one for one in cards})
    return {claim.text: claim.verdict for claim in found}


def test_what_is_planted_is_found():
    found = verdicts(FAIR, LED)
    assert len(found) == 8
    assert set(found.values()) == {'held'}
    assert 'planted is taken in by other scenery more often than fair' in found


def test_the_other_way_round_nothing_holds():
    fair = card('fair', 'scenery', CHANCE | {'person_only': N})
    led = card('planted', 'movement', {'action_swap': 8, 'person_only': 40}, led=104)
    assert set(verdicts(fair, led).values()) == {'did not hold'}
    less = card('planted', 'nothing known', CHANCE, fair='other')
    more = card('other', 'nothing known', {}, led=104)
    assert [*verdicts(less, more).values()] == ['did not hold']


def test_claims_say_what_was_measured():
    claims = {claim.text: claim for claim in claims_cues.claims({'fair': FAIR, 'planted': LED})}
    led = claims['planted: before other scenery, most are taken for its class']
    clean = '6.7 %, clean 93.3 %, chance 33.3 %, n = 120'
    assert led.measured == f'86.7 % taken for it; right {clean}'
    both = claims['planted is taken in by other scenery more often than fair']
    assert both.measured == '86.7 % and 0.0 %, n = 120'
    kept = claims['fair: other scenery costs less than 10 points']
    width = wilson(0, N)[1]
    # What is lost is 0 everywhere: of -1 to 1, in a share of the videos that is Wilson's.
    assert kept.margin == pytest.approx((0.1 - 1.1 * width, 0.1 + 0.9 * width))


def test_cues_with_holes_have_no_claims():
    holed = card('fair', 'movement', CHANCE, holes=('person_only',))
    assert 'fair: no scenery costs less than 10 points' not in verdicts(holed)
    assert len(verdicts(holed)) == 3


def test_scores_stand_beside_who_is_taken_in():
    text = cue_scores('Cues', [FAIR, LED]).text
    assert '| action_swap | 100.0 (97 to 100) | 6.7 (' in text
    assert '| action_swap: as the scenery | 0.0 (0 to 3) | 86.7 (' in text
    assert '| one_frame | 33.3 (' in text
    assert 'person_only: as' not in text
