"""tools/curve.py: curves of finished runs; what may not be compared is refused."""

import json

import pytest

from mmrobust.cli.curve import main

IDENTITY = {
    'checkpoint': 'c', 'model config': 'm', 'data config': 'd', 'space': 'video', 'seed': 0,
    'attack': {}, 'mmrobust version': '1',
}  # fmt: skip
GOAL = {'type': 'Misclassify', 'loss': 'margin', 'reference': 'label'}


def line(index, distance, clean=True):
    return {
        'index': index, 'name': f'video {index}', 'attacked': clean,
        'success': distance is not None, 'linf': 0.0 if distance is None else distance,
        'l2': 5.0, 'measures': {}, 'flags': [], 'error': None,
    }  # fmt: skip


@pytest.fixture
def make(tmp_path):
    """Writes what a run leaves, of given distances."""

    def write(name, distances, attack='PGD', eps=8.0, identity=None, **card):
        folder = tmp_path / name
        folder.mkdir()
        rows = [line(i, d, d != 0) for i, d in enumerate(distances)]
        text = ''.join(json.dumps(row) + '\n' for row in rows)
        (folder / 'results.jsonl').write_text(text)
        (folder / 'run.json').write_text(json.dumps(IDENTITY | (identity or {})))
        found = {
            'n': len(rows), 'threat': {'type': 'Linf', 'eps': eps}, 'goal': GOAL,
            'attack': {'type': attack}, 'title': attack, 'config': 'models/net.py',
            'checkpoint': 'net.pth', 'space': 'video', 'surrogate': None,
            'cost': {'forwards': 10.0, 'backwards': 5.0, 'queries': 0.0},
        }  # fmt: skip
        (folder / 'report.json').write_text(json.dumps(found | card))
        return str(folder)

    return write


def refused(capsys, *words):
    assert main([str(word) for word in words]) == 1
    error = capsys.readouterr().err.strip()
    assert error.count('\n') == 0
    return error


def test_curves_of_two_runs_and_of_both(make, tmp_path, capsys):
    one = make('one', [0, 2.0, 4.0, None])
    other = make('other', [0, 4.0, None, 6.0], attack='FMN', eps=20.0)
    assert main([one, other, '--work-dir', str(tmp_path / 'out'), '--eps', '0', '2', '5']) == 0
    printed = capsys.readouterr().out
    assert 'all together' in printed
    assert 'curve.html' in printed
    content = json.loads((tmp_path / 'out' / 'curve.json').read_text())
    assert content['norm'] == 'Linf'
    assert [run['run'] for run in content['runs']] == ['PGD', 'FMN', 'all together']
    assert [run['fooled'] for run in content['runs']] == [2, 2, 3]
    assert [run['calls'] for run in content['runs']] == [15, 15, None]
    left = [point['accuracy'] for point in content['points']['all together']]
    assert left == [0.75, 0.5, 0.25, 0]
    assert (tmp_path / 'out' / 'curve.csv').read_text().startswith('run,eps,accuracy,')
    page = (tmp_path / 'out' / 'curve.html').read_text()
    assert 'Accuracy is 75.0' in page
    assert '<svg' in page


def test_one_run_is_enough_and_nothing_is_written_unasked(make, tmp_path, capsys):
    one = make('one', [2.0, None])
    before = sorted(tmp_path.rglob('*'))
    assert main([one]) == 0
    assert 'all together' not in capsys.readouterr().out
    assert sorted(tmp_path.rglob('*')) == before


def test_runs_of_one_attack_are_told_by_their_folders(make, capsys):
    assert main([make('few', [2.0]), make('many', [1.0])]) == 0
    printed = capsys.readouterr().out
    assert 'PGD (few)' in printed
    assert 'PGD (many)' in printed


def test_queries_of_another_model_are_calls_too(make, tmp_path, capsys):
    cost = {'forwards': 10.0, 'backwards': 5.0, 'queries': 7.0}
    surrogate = {'config': 'other.py'}
    runs = [make('own', [2.0], cost=cost), make('lent', [2.0], cost=cost, surrogate=surrogate)]
    assert main([*runs, '--work-dir', str(tmp_path / 'out')]) == 0
    found = json.loads((tmp_path / 'out' / 'curve.json').read_text())['runs']
    assert [run['calls'] for run in found] == [15, 22, None]


def test_what_is_about_other_samples_is_refused(make, capsys):
    one = make('one', [2.0, None])
    model = make('model', [2.0, None], identity={'checkpoint': 'another'})
    assert 'checkpoint must be that of' in refused(capsys, one, model)
    fewer = make('fewer', [2.0])
    assert 'list of samples must be that of' in refused(capsys, one, fewer)
    target = make('target', [2.0, None], goal=GOAL | {'type': 'TargetClass'})
    assert 'goal (but for loss) must be that of' in refused(capsys, one, target)
    masked = {'type': 'FrameMask', 'frames': [0], 'threat': {'type': 'Linf', 'eps': 8.0}}
    mask = make('mask', [2.0, None], threat=masked)
    assert 'threat (but for eps) must be that of' in refused(capsys, one, mask)
    seed = make('seed', [2.0, None], identity={'seed': 4}, goal=GOAL | {'loss': 'dlr'})
    assert main([one, seed]) == 0


def test_bad_input_is_one_line(make, tmp_path, capsys):
    one = make('one', [2.0, None])
    assert 'report.json' in refused(capsys, tmp_path / 'nowhere')
    assert 'different folders' in refused(capsys, one, one)
    assert '--eps must be finite numbers >= 0' in refused(capsys, one, '--eps', '-1')
    odd = make('odd', [2.0], threat={'type': 'Border', 'width': 3})
    assert 'threat must be one of Linf, L2, L1,' in refused(capsys, odd)
    (tmp_path / 'one' / 'report.json').write_text('[]')
    assert 'must be a JSON object' in refused(capsys, one)
    assert 'a run with samples' in refused(capsys, make('empty', []))
