"""A sweep's table and page, also where there is little to show."""

import json

import pytest
from matplotlib.figure import Figure

from mmrobust.evaluation.sweep import point
from mmrobust.visualization.sweep import write_sweep
from mmrobust.visualization.sweep_figures import accuracy

CARD = {
    'config': 'tsn.py',
    'checkpoint': 'best.pth',
    'checkpoint_sha256': None,
    'attack': {'type': 'PGD', 'threat': {'type': 'Linf', 'eps': 4.0}, 'goal': {}},
    'title': 'PGD, targeted at class 3',
    'surrogate': None,
    'space': 'video',
    'seed': 0,
    'versions': {},
    'failures': [],
}


def row(index, **changes):
    found = {
        'index': index,
        'error': None,
        'attacked': True,
        'success': index == 0,
        'clean_correct': True,
        'adversarial_correct': index != 0,
        'frames': 3,
        'forwards': 2,
        'backwards': 1,
        'queries': 0,
    }
    return found | changes


WRONG = {'attacked': False, 'success': False, 'clean_correct': False, 'adversarial_correct': False}


@pytest.mark.parametrize(
    ('rows', 'rate', 'shown'),
    [
        ([row(0), row(1)], 0.5, '50.0 % (9–91)'),
        ([row(0, **WRONG), row(1, **WRONG)], None, '0.0 % (0–66)'),
    ],
    ids=['some right', 'none right'],
)
def test_a_sweep_says_what_there_is_to_say(tmp_path, capsys, rows, rate, shown):
    write_sweep(tmp_path, {1.0: CARD, 2.0: CARD}, {1.0: rows, 2.0: rows})
    points = json.loads((tmp_path / 'sweep.json').read_text())['points']
    assert [point['success_rate'] for point in points] == [rate, rate]
    printed = capsys.readouterr().out
    assert printed.count(shown) >= 2
    assert 'tsn under PGD, targeted at class 3 (l_inf)' in printed
    assert '<table' in (tmp_path / 'sweep.html').read_text()


def test_a_sweep_of_samples_without_annotation_speaks_of_predictions(tmp_path, capsys):
    rows = [row(i, clean_correct=None, adversarial_correct=None) for i in range(2)]
    write_sweep(tmp_path, {0.0: CARD, 2.0: CARD}, {0.0: rows, 2.0: rows})
    page = (tmp_path / 'sweep.html').read_text()
    assert 'The prediction changes in 50.0\N{NO-BREAK SPACE}% at eps 2.' in page
    assert 'accuracy under attack' not in page
    assert 'Accuracy over eps' not in page
    assert '50.0 % (9–91)' in capsys.readouterr().out


def curve_points(figure_rows):
    """What the figure of accuracy draws: name of a line -> its places."""
    points = [point(eps, found) for eps, found in figure_rows.items()]
    figure = Figure()
    accuracy(points).draw(figure)
    return {
        line.get_label(): list(zip(*map(list, line.get_data()), strict=True))
        for line in figure.axes[0].lines
    }


def test_curves_begin_with_clean_samples_at_eps_0():
    rows = [row(0), row(1), row(2, **WRONG), row(3, **WRONG)]
    drawn = curve_points({1.0: rows, 2.0: rows})
    assert drawn['adversarial'] == [(0, 0.5), (1, 0.25), (2, 0.25)]
    assert drawn['clean'] == [(0, 0.5), (1, 0.5), (2, 0.5)]
    # Where eps 0 was run, its own point stands.
    assert curve_points({0.0: rows, 2.0: rows})['adversarial'] == [(0, 0.25), (2, 0.25)]


def test_frames_are_no_subject_where_all_of_them_change(tmp_path):
    whole = [row(i, frames_total=3) for i in range(2)]
    some = [row(i, frames_total=30) for i in range(2)]
    for name, rows, shown in (('whole', whole, False), ('some', some, True)):
        write_sweep(tmp_path / name, {1.0: CARD, 2.0: CARD}, {1.0: rows, 2.0: rows})
        page = (tmp_path / name / 'sweep.html').read_text()
        for words in ('Frames needed', 'Accuracy against frames', 'frames per success', '>frames<'):
            assert (words in page) is shown, (name, words)
        # Programs get all of it.
        assert json.loads((tmp_path / name / 'sweep.json').read_text())['points'][0]['frames'] == 3
