"""tools/table.py: what finished runs left, as one table; what is no finished run is refused."""

import csv
import json

import pytest

from mmrobust.cli.table import FORMATS, main
from mmrobust.evaluation.card import SCHEMA
from mmrobust.functional.interval import wilson
from mmrobust.transfer.report import transfer_card
from mmrobust.visualization.run_rows import KEYS
from mmrobust.visualization.table_formats import FORMATS as WRITERS
from tests.transfer.test_matrix import SPEC, lines

IDENTITY = {'annotations': 'a', 'mmrobust version': '1'}
ATTACK = {'type': 'PGD', 'threat': {'type': 'Linf', 'eps': 8.0}, 'goal': {'type': 'Misclassify'}}


def sample(index, **changes):
    return {'index': index, 'name': f'v{index}', 'label': 1, 'file': 'f', 'error': None} | changes


def card(n, **changes):
    return {
        'config': 'models/net.py', 'checkpoint_sha256': 'c' * 64, 'attack': ATTACK, 'title': 'PGD',
        'space': 'video', 'seed': 3, 'surrogate': None, 'n': n, 'evaluated': n, 'failed': 0,
        'attacked': 4, 'success_rate': 0.75, 'success_interval': list(wilson(3, 4)),
        'clean': {'acc/top1': 0.8}, 'adversarial': {'acc/top1': 0.2},
        'cost': {'forwards': 10.0, 'backwards': 5.0, 'queries': 0.0},
        'perturbation': {'linf': 8.0, 'l2': 90.0, 'frames': 4.0, 'psnr': 40.0},
    } | changes  # fmt: skip


@pytest.fixture
def make(tmp_path):
    """Writes what a run leaves."""

    def write(name, rows=None, identity=None, **changes):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        found = [sample(i) for i in range(5)] if rows is None else rows
        text = ''.join(json.dumps(row) + '\n' for row in found)
        (folder / 'results.jsonl').write_text(text)
        (folder / 'run.json').write_text(json.dumps(IDENTITY | (identity or {})))
        (folder / 'report.json').write_text(json.dumps(card(**{'n': len(found)} | changes)))
        return str(folder)

    return write


def refused(capsys, *words):
    assert main([str(word) for word in words]) == 1
    error = capsys.readouterr().err.strip()
    assert error.count('\n') == 0
    return error


def table(capsys, *words):
    """Rows and warnings."""
    assert main([*map(str, words), '--format', 'json']) == 0
    printed = capsys.readouterr()
    found = json.loads(printed.out)
    assert (printed.err != '') == bool(found['warnings'])
    return found['rows'], found['warnings']


def test_a_run_is_a_row_of_what_its_report_says(make, capsys):
    ((row,), warnings) = table(capsys, make('one'))
    assert warnings == []
    assert list(row) == [*KEYS, 'data']
    low, high = wilson(3, 4)
    wanted = {
        'run': 'one', 'model': 'net', 'source': None, 'attack': 'PGD', 'threat': 'l_inf',
        'eps': 8.0, 'n': 5, 'metric': 'acc/top1', 'clean': 0.8, 'adversarial': 0.2, 'attacked': 4,
        'success_rate': 0.75, 'success_rate_low': low, 'success_rate_high': high, 'calls': 15.0,
        'linf': 8.0, 'frames': 4.0, 'psnr': 40.0, 'ssim': None, 'l1': None, 'data': None,
    }  # fmt: skip
    assert {key: row[key] for key in wanted} == wanted


def test_a_sweep_has_a_row_for_each_budget(make, tmp_path, capsys):
    for eps in ('0.5', '4'):
        changed = ATTACK | {'threat': {'type': 'Linf', 'eps': float(eps)}}
        make(f'sweep/eps{eps}', attack=changed)
    points = [{'eps': 0.5}, {'eps': 4.0}]
    (tmp_path / 'sweep' / 'sweep.json').write_text(json.dumps({'points': points}))
    rows, _ = table(capsys, tmp_path / 'sweep')
    assert [(row['run'], row['eps']) for row in rows] == [('sweep/eps0.5', 0.5), ('sweep/eps4', 4)]
    (tmp_path / 'sweep' / 'eps4' / 'report.json').unlink()
    assert 'eps4 without report.json' in refused(capsys, tmp_path / 'sweep')


def test_a_transfer_has_a_row_for_each_cell(make, tmp_path, capsys):
    clips = [
        {'name': f'v{row["sample"]}', 'flags': []} | row | {'index': place}
        for place, row in enumerate(lines())
    ]
    content = transfer_card(clips, SPEC, 'spec.py', 1.0)
    folder = tmp_path / 'moved'
    folder.mkdir()
    (folder / 'transfer.json').write_text(json.dumps(content))
    (folder / 'run.json').write_text(json.dumps(IDENTITY))
    (folder / 'results.jsonl').write_text(''.join(json.dumps(row) + '\n' for row in clips))
    rows, _ = table(capsys, folder)
    assert len(rows) == len(content['cells']) > 1
    for row, cell in zip(rows, content['cells'], strict=True):
        assert row['model'] == cell['target']
        assert row['source'] == (None if cell['white_box'] else cell['source'])
        assert (row['eps'], row['attacked']) == (cell['eps'], cell['both_right'])
        assert row['success_rate'] == cell['success_rate']
        assert (row['clean'], row['adversarial']) == (
            cell['clean_accuracy'],
            cell['adversarial_accuracy'],
        )
    # A transfer has several lines of a sample; a run on the same samples has one.
    alike = make('run', rows=[{'index': i, 'name': f'v{i}', 'error': None} for i in range(41)])
    rows, warnings = table(capsys, folder, alike)
    assert (len(rows), warnings) == (len(content['cells']) + 1, [])


@pytest.mark.parametrize(
    'other',
    [
        {'rows': [sample(i) for i in range(4)]},
        {'rows': [sample(i, name=f'w{i}') for i in range(5)]},
        {'rows': [sample(i, file='g') for i in range(5)]},
        {'rows': [sample(i, label=2) for i in range(5)]},
        {'identity': {'annotations': 'b'}},
    ],
    ids=['fewer', 'other names', 'other files', 'other labels', 'other annotations'],
)
def test_runs_on_different_samples_are_told_apart(make, capsys, other):
    one, same, odd = make('one'), make('same', title='FGSM'), make('odd', **other)
    rows, (warning,) = table(capsys, one, same, odd)
    assert [row['data'] for row in rows] == ['A', 'A', 'B']
    assert 'different samples, and are no comparison: A: one, same; B: odd' in warning
    rows, warnings = table(capsys, one, same)
    assert ([row['data'] for row in rows], warnings) == ([None, None], [])


def test_a_ledger_that_holds_more_than_the_run_was_about(make, tmp_path, capsys):
    many = make('many', n=5, rows=[sample(i) for i in range(9)])
    rows, warnings = table(capsys, make('one'), many)
    assert warnings == []


def test_models_of_one_name_are_told_by_their_weights(make, capsys):
    rows, _ = table(capsys, make('one'), make('two', checkpoint_sha256='d' * 64))
    assert [row['model'] for row in rows] == ['net (cccccccc)', 'net (dddddddd)']


def test_folders_of_one_name_have_their_paths(make, tmp_path, capsys):
    rows, _ = table(capsys, make('a/run'), make('b/run'))
    assert [row['run'] for row in rows] == [str(tmp_path / 'a/run'), str(tmp_path / 'b/run')]


def test_the_format_is_that_of_the_file(make, tmp_path, capsys):
    one = make('one')
    for ending, begins in (
        ('.tex', '% Needs'),
        ('.md', '| model'),
        ('.csv', 'run,'),
        ('.json', '{'),
    ):
        out = tmp_path / 'new' / f'table{ending}'
        assert main([one, '--out', str(out)]) == 0
        assert out.read_text().startswith(begins)
        assert capsys.readouterr().out == f'table: {out}\n'
    out = tmp_path / 'table.txt'
    assert main([one, '--out', str(out), '--format', 'csv']) == 0
    (row,) = csv.DictReader(out.read_text().splitlines())
    assert (row['success_rate'], row['ssim']) == ('0.75', '')
    capsys.readouterr()
    assert main([one]) == 0
    assert capsys.readouterr().out.startswith('| model | attack |')


def test_what_is_no_finished_run_is_one_line(make, tmp_path, capsys):
    rule = 'RUN must be the folder of a finished run, sweep, transfer or card, got'
    assert f"{rule} '{tmp_path / 'nowhere'}, which is no folder" in refused(
        capsys, tmp_path / 'nowhere'
    )
    found = refused(capsys, tmp_path)
    assert (
        f"{rule} '{tmp_path} without card.json or report.json or sweep.json or transfer.json'"
        in found
    )
    one = make('one')
    (tmp_path / 'one' / 'report.json').unlink()
    assert 'one, whose run has not ended (go on with --resume)' in refused(capsys, one)
    (tmp_path / 'one' / 'report.json').write_text('{"config": 3}')
    assert "one/report.json must be the report of a run, got \"none of ['attack'" in refused(
        capsys, one
    )
    (tmp_path / 'one' / 'report.json').write_text('[]')
    assert 'report.json must be a JSON object' in refused(capsys, one)
    two = make('two')
    assert 'RUN must be different folders' in refused(capsys, two, two)
    (tmp_path / 'two' / 'run.json').unlink()
    assert 'two without run.json' in refused(capsys, two)
    for name in ('sweep', 'transfer'):
        folder = tmp_path / name
        folder.mkdir()
        (folder / f'{name}.json').write_text('{}')
        assert f'{name}.json must be what a {name} writes, with ' in refused(capsys, folder)


def test_the_command_knows_what_is_written():
    assert set(FORMATS) == set(WRITERS)


def make_card_folder(tmp_path, name, **changes):
    cell = {'score': 0.5, 'score_low': None, 'score_high': None}
    means = {f'{key}{end}': None for key in ('mpc', 'rpc') for end in ('', '_low', '_high')}
    card = {
        'schema': SCHEMA, 'model': {'config': 'net.py', 'checkpoint_sha256': 'c' * 64},
        'data': {'n': 5, 'evaluated': 5}, 'seed': 0, 'unit': 'samples', 'clean': cell,
        'corruptions': {'kinds': {'fog': {'cells': {'2': cell}}}} | means, 'attacks': [],
    } | changes  # fmt: skip
    folder = tmp_path / name
    folder.mkdir()
    (folder / 'card.json').write_text(json.dumps(card))
    return folder


def test_cards_are_a_table_of_their_own(make, tmp_path, capsys):
    one = make_card_folder(tmp_path, 'one')
    rows, warnings = table(capsys, one)
    assert [row['name'] for row in rows] == ['clean', 'fog', 'mPC', 'rPC']
    assert warnings == []
    assert 'or of cards and runs of corruptions' in refused(capsys, one, make('run'))
    # The same model, of other weights, on other samples.
    model = {'config': 'net.py', 'checkpoint_sha256': 'd' * 64}
    two = make_card_folder(tmp_path, 'two', model=model, data={'n': 6, 'evaluated': 6})
    rows, (warning,) = table(capsys, one, two)
    assert {row['model'] for row in rows} == {'net (cccccccc)', 'net (dddddddd)'}
    assert warning.endswith('A: one; B: two')
