"""Figures of cues, against numbers counted by hand, and the table that shows them."""

import json
from copy import deepcopy

import jsonschema
import pytest
from scipy.stats import binomtest

from mmrobust.evaluation.card import card_of
from mmrobust.evaluation.card_units import unit_figures
from mmrobust.evaluation.corruptions import corruption_summary
from mmrobust.evaluation.cues import cue_summary
from mmrobust.visualization.card import print_card, write_card
from mmrobust.visualization.cues import COLUMNS, cue_holes, cue_rows, cue_sentence
from tests.conftest import ROOT


def cell(prediction, label, background=None):
    found = {'prediction': prediction, 'label': label, 'correct': prediction == label}
    return found if background is None else found | {'background': background}


def line(index, label, swap, frame, alone, background):
    """The predictions of one video: on the swap, on one frame of it, on the scenery alone."""
    cells = {
        'clean': cell(label, label),
        'action_swap': cell(swap, label, background),
        'swap_frame': cell(frame, label, background),
        'background_only': cell(alone, label),
    }
    return {'index': index, 'name': str(index), 'unit': index, 'cells': cells, 'error': None}


SCHEMA = ROOT / 'mmrobust/resources/card.schema.json'
NAMES = ['action_swap', 'swap_frame', 'background_only']
ROWS = [
    line(0, 0, swap=0, frame=1, alone=0, background=1),  # right by movement
    line(1, 0, swap=0, frame=0, alone=2, background=2),  # right, but so is the frame
    line(2, 1, swap=2, frame=2, alone=2, background=2),  # taken for the scenery's class
    line(3, 1, swap=0, frame=1, alone=1, background=2),  # wrong, and not the scenery's
]


def test_scores_and_background_errors():
    found = cue_summary(ROWS, NAMES)
    swap, frame, alone = (found['cues'][name] for name in NAMES)
    assert (swap['score'], frame['score'], alone['score']) == (0.5, 0.5, 0.5)
    assert (swap['background_error'], frame['background_error']) == (0.25, 0.5)
    assert alone['background_error'] is None
    assert swap['kept'] == 0.5
    limits = binomtest(1, 4).proportion_ci(method='wilson')
    assert swap['background_error_low'] == pytest.approx(limits[0])
    assert swap['background_error_high'] == pytest.approx(limits[1])


def test_contrasted_is_right_on_the_swap_and_wrong_on_its_frame():
    found = cue_summary(ROWS, NAMES)['contrasted']
    assert (found['score'], found['n']) == (0.25, 4)
    alone = [cue_summary([line], NAMES)['contrasted']['score'] for line in ROWS]
    assert alone == [1.0, 0.0, 0.0, 0.0]
    assert found['score_low'] == pytest.approx(binomtest(1, 4).proportion_ci(method='wilson')[0])
    assert cue_summary(ROWS, ['action_swap'])['contrasted'] is not None
    alone = [line | {'cells': {'clean': line['cells']['clean']}} for line in ROWS]
    for row in alone:
        row['cells']['background_only'] = cell(0, 0)
    assert cue_summary(alone, ['background_only'])['contrasted'] is None


def test_a_hole_is_left_out_of_scores_and_stops_the_contrast():
    rows = [dict(row, cells=dict(row['cells'])) for row in ROWS]
    rows[0]['cells']['action_swap'] = {'hole': 'ValueError: no other class'}
    found = cue_summary(rows, NAMES)
    swap = found['cues']['action_swap']
    assert (swap['n'], swap['score']) == (3, pytest.approx(1 / 3))
    assert swap['background_error'] == pytest.approx(1 / 3)
    assert found['contrasted'] is None
    assert cue_holes(found) == {'action_swap': {'samples': 1, 'why': 'ValueError: no other class'}}
    assert cue_sentence(found, 1.0) == '1 kind of cue could not be made: action_swap.'


def test_without_cues_there_is_nothing():
    assert cue_summary(ROWS, []) == {}
    assert cue_rows({}, 1.0) == []
    assert cue_sentence({}, 1.0) == ''


def test_rows_and_sentence():
    found = cue_summary(ROWS, NAMES)
    rows = cue_rows(found, 0.8)
    assert [row['cue'] for row in rows] == ['contrasted accuracy', *NAMES]
    assert all(tuple(row) == COLUMNS for row in rows)
    assert rows[1]['score'] == '50.0 %'
    assert rows[1]['of clean'] == '62.5 %'
    assert rows[1]['as the scenery'].startswith('25.0 % (')
    assert rows[3]['as the scenery'] == ''
    assert rows[0]['score'] == '25.0 %'
    sentence = cue_sentence(found, 0.8)
    assert 'Right on 80.0 % of the clean videos, and on 50.0 %' in sentence
    assert '25.0 % are taken for that class' in sentence
    only = cue_summary(ROWS, ['swap_frame'])
    assert cue_sentence(only, 1.0).endswith('and on 50.0 % in the worst case (swap_frame).')


def test_controls_and_cues_are_no_figures_of_a_comparison(tmp_path):
    rows = [dict(row, cells=dict(row['cells'])) for row in ROWS]
    for row in rows:
        row['cells'] |= {'fog/1': cell(0, 0), 'fog/1/noise': cell(1, 0)}
    (tmp_path / 'corruptions').mkdir()
    text = '\n'.join(json.dumps(row) for row in rows)
    (tmp_path / 'corruptions' / 'results.jsonl').write_text(text)
    card = {
        'data': {'n': 4},
        'attacks': [],
        'corruptions': {'kinds': {'fog': {}}, 'severities': [1]},
        'cues': cue_summary(rows, NAMES),
    }
    figures = unit_figures(card, tmp_path)
    assert list(figures) == ['clean', 'corruption', 'fog']
    assert set(figures['corruption'].values()) == set(figures['fog'].values()) == {1.0}


def test_a_card_of_cues_alone_speaks_of_no_mean(tmp_path, capsys):
    summary = corruption_summary(ROWS, {}, [1]) | cue_summary(ROWS, NAMES)
    report = summary | {
        'config': 'tiny.py',
        'corruptions': {name: {} for name in NAMES},
        'checkpoint': 'tiny.pth',
        'checkpoint_sha256': None,
        'n': 4,
        'evaluated': 4,
        'failed': 0,
        'input': None,
        'sample': {'noun': 'video'},
        'seed': 0,
        'versions': {},
    }
    card = card_of(report, ROWS, {})
    jsonschema.validate(card, json.loads(SCHEMA.read_text()))
    poor = deepcopy(card)
    del poor['cues']['cues']['action_swap']['background_error']
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(poor, json.loads(SCHEMA.read_text()))
    write_card(tmp_path, card)
    print_card(card)
    for text in (capsys.readouterr().out, (tmp_path / 'card.html').read_text()):
        assert 'contrasted accuracy' in text
        assert 'all kinds' not in text
        assert 'natural corruption' not in text
