"""Figures of a card by unit, from planted runs."""

import json

import pytest

from mmrobust.evaluation.card_units import differences, unit_figures
from mmrobust.functional.interval import wilson


def line(name, unit, cells, error=None):
    found = {cell: {'correct': right} for cell, right in cells.items()}
    return {'index': int(name[1:]), 'name': name, 'unit': unit, 'cells': found, 'error': error}


def test_white_noise_beside_a_kind_is_none_of_its_cells(tmp_path):
    cells = {'clean': 1, 'fog/1': 1, 'fog/3': 0, 'snow/1': 1, 'snow/3': 1}
    beside = {'fog/1/noise': 0, 'fog/3/noise': 0, 'snow/1/noise': 0, 'snow/3/noise': 0}
    folder = tmp_path / 'corruptions'
    folder.mkdir()
    lines = [line('v0', 'a', cells | beside), line('v1', 'b', cells)]
    (folder / 'results.jsonl').write_text(''.join(json.dumps(one) + '\n' for one in lines))
    corrupted = {'kinds': {'fog': {}, 'snow': {}}, 'severities': [1, 3]}
    card = {'corruptions': corrupted, 'attacks': [], 'data': {'n': 2}}
    figures = unit_figures(card, tmp_path)
    assert figures['fog'] == {'a': 0.5, 'b': 0.5}
    assert figures['snow'] == {'a': 1, 'b': 1}
    assert figures['corruption'] == pytest.approx({'a': 0.75, 'b': 0.75})
    assert figures['clean'] == {'a': 1, 'b': 1}


def test_models_that_are_alike_on_few_units_are_not_known_to_be():
    same = {'clean': {str(i): 1.0 for i in range(8)}}
    (line,) = differences(same, same)
    width = wilson(0, 8)[1]
    assert (line['low'], line['high']) == pytest.approx((-width, width))
    assert not line['worse']
